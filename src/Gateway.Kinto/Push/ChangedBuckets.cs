using System.Collections.Concurrent;
using Lockstep.Core.Buckets;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>Buckets that have changed since they were last looked at. However often one changes, it is there once.</summary>
/// <param name="most">How many there can be; others are forgotten.</param>
internal sealed class ChangedBuckets(int most)
{
    private readonly ConcurrentDictionary<BucketId, byte> changed = new();
    private int count;

    /// <summary>Waits for nobody; any thread may call it.</summary>
    public void Add(BucketId bucket)
    {
        if (bucket.Kind != BucketKind.Kinto || changed.ContainsKey(bucket) || Volatile.Read(ref count) >= most)
        {
            return;
        }

        if (changed.TryAdd(bucket, 0))
        {
            Interlocked.Increment(ref count);
        }
    }

    /// <summary>Takes out all that are there.</summary>
    public IReadOnlyList<BucketId> Take()
    {
        var taken = new List<BucketId>();
        foreach (var (bucket, _) in changed)
        {
            if (changed.TryRemove(bucket, out _))
            {
                Interlocked.Decrement(ref count);
                taken.Add(bucket);
            }
        }

        return taken;
    }
}
