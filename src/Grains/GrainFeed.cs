using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Orleans.Runtime;

namespace Lockstep.Grains;

/// <summary>
/// Changes in buckets whose owners are grains. For each bucket that this process watches, one call waits in the bucket's home silo. A call that
/// fails loses nothing: the next one is told that the watch is new.
/// </summary>
/// <param name="route">See <see cref="GrainBuckets"/>.</param>
/// <param name="joined">Completes when this process has joined the cluster.</param>
/// <param name="deaths">Cancels calls that were under way when a silo died.</param>
public sealed class GrainFeed(Func<BucketId, IGrainFactory> route, Task joined, SiloDeaths deaths) : ILiveFeed
{
    public async ValueTask<ChangeNotice> NextAsync(BucketId bucket, FeedPosition seen, CancellationToken cancellationToken)
    {
        try
        {
            await joined.WaitAsync(cancellationToken);
            var next = deaths.Next;
            var call = route(bucket).GetGrain<ILiveGrain>(bucket.Value).NextAsync(seen.Epoch, seen.Sequence);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(next, cancellationToken);
            return (await call.WaitAsync(either.Token)).ToNotice();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A silo of an earlier version does not know the call. Whatever the fault, asking again is all that can be done.
            throw new LiveFeedException($"Changes of buckets are not told at the moment: {e.Message}", e);
        }
    }
}
