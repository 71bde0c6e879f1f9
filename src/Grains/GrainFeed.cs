using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Orleans.Runtime;

namespace Lockstep.Grains;

/// <summary>
/// What happens in buckets whose owners are grains: a call that waits, to the bucket's home silo, one for each bucket that somebody of this process wants to hear of. A call that
/// fails has lost nothing: the next one is told that it begins anew.
/// </summary>
/// <param name="route">As of <see cref="GrainBuckets"/>.</param>
/// <param name="joined">Ends when this process has joined the cluster.</param>
/// <param name="deaths">Ends calls that were under way when a silo died.</param>
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
            // A silo of before does not know the call; whatever else it is, asking again is all that can be done.
            throw new LiveFeedException($"Changes of buckets are not told at the moment: {e.Message}", e);
        }
    }
}
