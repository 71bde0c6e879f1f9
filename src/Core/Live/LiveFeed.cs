using System.Collections.Concurrent;
using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Live;

/// <summary>
/// The buckets of this process that somebody wants to hear of. They outlive their owners' stay in memory: an owner that comes looks whether its bucket is among them, and one of
/// whose bucket nobody wants to hear pays a comparison with null.
/// </summary>
public sealed class LiveFeed(TimeProvider time) : ILiveFeed
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<BucketId, WatchedBucket> watched = new();
    private Action<WatchedBucket> announce = static _ => { };
    private long swept = time.GetTimestamp();
    private volatile bool hasEnded;

    /// <summary>Buckets that somebody wants to hear of, or wanted lately.</summary>
    public int Count => watched.Count;

    /// <inheritdoc/>
    public ValueTask<ChangeNotice> NextAsync(BucketId bucket, FeedPosition seen, CancellationToken cancellationToken) =>
        NextAsync(bucket, seen, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>As the other one, for no longer than so long.</summary>
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

    /// <summary>This process is not the one to ask about a bucket any more: whoever waits asks again.</summary>
    public void Release(BucketId bucket)
    {
        if (watched.TryGetValue(bucket, out var own))
        {
            End(own);
        }
    }

    /// <summary>This process is about to stop: nobody waits here any more.</summary>
    public void End()
    {
        hasEnded = true;
        foreach (var bucket in watched.Keys)
        {
            Release(bucket);
        }
    }

    /// <summary>Registers who looks for the owner of a bucket that somebody begins to watch.</summary>
    internal void OnWatched(Action<WatchedBucket> listener) => announce = listener;

    /// <returns>Null when nobody wants to hear of the bucket.</returns>
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

    /// <summary>One that is found no more is over, so that an owner who is not told so has the right one.</summary>
    private void End(WatchedBucket own)
    {
        own.End();
        watched.TryRemove(KeyValuePair.Create(own.Id, own));
    }
}
