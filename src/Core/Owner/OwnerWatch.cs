using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>Notifies those who watch one bucket, and those who hear of all, on behalf of its owner.</summary>
/// <param name="id">The bucket.</param>
/// <param name="feed">Knows the watched buckets.</param>
internal sealed class OwnerWatch(BucketId id, LiveFeed feed)
{
    // Null while nobody watches the bucket.
    private WatchedBucket? watched;

    /// <summary>Somebody watches the bucket.</summary>
    public void Begin(WatchedBucket watch) => Volatile.Write(ref watched, watch);

    /// <summary>Notifies that something was committed, or may have been.</summary>
    /// <param name="published">The new heads; null if it is not known what has changed.</param>
    public void Tell(BucketHeads? published)
    {
        feed.Committed(id);
        while (Volatile.Read(ref watched) is { } watch && !(published is null ? watch.TellAll() : watch.Tell(published)))
        {
            // This watch has ended. There may be another one, which this owner was told of before.
            var next = feed.Find(id);
            Interlocked.CompareExchange(ref watched, next == watch ? null : next, watch);
        }
    }
}
