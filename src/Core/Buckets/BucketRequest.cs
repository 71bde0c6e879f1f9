using Lockstep.Core.Operations;

namespace Lockstep.Core.Buckets;

/// <summary>The operations that a caller wants in one bucket, in order.</summary>
public sealed record BucketRequest(Caller Caller, IReadOnlyList<Operation> Operations)
{
    public bool IsReadOnly
    {
        get
        {
            foreach (var operation in Operations)
            {
                if (operation.IsWrite)
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
            foreach (var operation in Operations)
            {
                size += operation.Size;
            }

            return size;
        }
    }
}
