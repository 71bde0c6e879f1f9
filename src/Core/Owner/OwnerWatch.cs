using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>Who wants to hear of one bucket's changes, as its owner knows.</summary>
/// <param name="id">The bucket.</param>
/// <param name="feed">Knows who there is.</param>
internal sealed class OwnerWatch(BucketId id, LiveFeed feed)
{
    // Null while nobody wants to hear of the bucket.
    private WatchedBucket? watched;

    /// <summary>Somebody wants to hear of the bucket's changes.</summary>
    public void Begin(WatchedBucket watch) => Volatile.Write(ref watched, watch);

    /// <summary>Tells that something was committed, or may have been.</summary>
    /// <param name="published">The new heads; null where it is not known what has changed.</param>
    public void Tell(BucketHeads? published)
    {
        while (Volatile.Read(ref watched) is { } watch && !(published is null ? watch.TellAll() : watch.Tell(published)))
        {
            // It is over; there may be another one, which this owner was told of before it.
            var next = feed.Find(id);
            Interlocked.CompareExchange(ref watched, next == watch ? null : next, watch);
        }
    }
}
