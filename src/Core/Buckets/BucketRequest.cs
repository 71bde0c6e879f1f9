using Lockstep.Core.Operations;

namespace Lockstep.Core.Buckets;

/// <summary>The operations that a caller wants in one bucket, in order.</summary>
public sealed record BucketRequest(Caller Caller, IReadOnlyList<Operation> Operations)
{
    public bool IsReadOnly
    {
        get
        {
            for (var i = 0; i < Operations.Count; i++)
            {
                if (Operations[i].IsWrite)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Bytes that the request keeps in memory while it queues.</summary>
    public long Size
    {
        get
        {
            long size = 0;
            for (var i = 0; i < Operations.Count; i++)
            {
                size += Operations[i].Size;
            }

            return size;
        }
    }
}
