using System.Collections.Concurrent;
using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Live;

/// <summary>
/// The watched buckets of this process. A watch outlives its owner's stay in memory: an owner that starts looks whether its bucket is watched. An owner whose bucket
/// nobody watches only pays a comparison with null.
/// </summary>
public sealed class LiveFeed(TimeProvider time) : ILiveFeed
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<BucketId, WatchedBucket> watched = new();
    private Action<WatchedBucket> announce = static _ => { };
    private Action<BucketId>? committed;
    private long swept = time.GetTimestamp();
    private volatile bool hasEnded;

    /// <summary>Buckets that are watched, or were until recently.</summary>
    public int Count => watched.Count;

    /// <inheritdoc/>
    public ValueTask<ChangeNotice> NextAsync(BucketId bucket, FeedPosition seen, CancellationToken cancellationToken) =>
        NextAsync(bucket, seen, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>As the other overload, for no longer than the given time.</summary>
    public async ValueTask<ChangeNotice> NextAsync(BucketId bucket, FeedPosition seen, TimeSpan patience, CancellationToken cancellationToken)
    {
        while (!hasEnded)
        {
            SweepIfDue();
            var own = watched.GetOrAdd(bucket, static (id, time) => new WatchedBucket(id, time), time);
            own.Announce(announce);
            if (hasEnded)
            {
                own.End();
            }

            if (await own.NextAsync(seen, patience, cancellationToken) is { } notice)
            {
                return notice;
            }

            watched.TryRemove(KeyValuePair.Create(bucket, own));
        }

        return new ChangeNotice(seen, ServerTimestamp.Zero, []);
    }

    /// <summary>A bucket now belongs to another process: everyone who waits asks again.</summary>
    public void Release(BucketId bucket)
    {
        if (watched.TryGetValue(bucket, out var own))
        {
            End(own);
        }
    }

    /// <summary>The process is about to stop: nobody waits here any more.</summary>
    public void End()
    {
        hasEnded = true;
        foreach (var bucket in watched.Keys)
        {
            Release(bucket);
        }
    }

    /// <summary>
    /// Registers a listener for every commit of this process's owners, watched or not, before the first one. It is called in the owner's turn: it must be quick, and must not throw.
    /// </summary>
    public void OnCommitted(Action<BucketId> listener) => committed += listener;

    /// <summary>Registers the callback that finds the owner of a bucket when its watch begins.</summary>
    internal void OnWatched(Action<WatchedBucket> listener) => announce = listener;

    /// <summary>Tells that something was committed to a bucket, or may have been.</summary>
    internal void Committed(BucketId id) => committed?.Invoke(id);

    /// <returns>Null when nobody watches the bucket.</returns>
    internal WatchedBucket? Find(BucketId bucket) => watched.GetValueOrDefault(bucket);

    private void SweepIfDue()
    {
        var last = Volatile.Read(ref swept);
        if (time.GetElapsedTime(last) < SweepInterval || Interlocked.CompareExchange(ref swept, time.GetTimestamp(), last) != last)
        {
            return;
        }

        foreach (var own in watched.Values)
        {
            if (own.IsLeft)
            {
                End(own);
            }
        }
    }

    /// <summary>Ends the watch before it is removed. A watch that cannot be found has ended, so an owner whose watch has not ended has the right one.</summary>
    private void End(WatchedBucket own)
    {
        own.End();
        watched.TryRemove(KeyValuePair.Create(own.Id, own));
    }
}
