using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>The buckets that streams of this process tell of: one subscription each, however many streams there are.</summary>
internal sealed class BucketSubscriptions(ILiveFeed feed, KintoOptions options, GatewayMetrics metrics, TimeProvider time, ILogger<BucketSubscription> logger)
{
    private readonly Lock gate = new();
    private readonly Dictionary<BucketId, BucketSubscription> all = [];

    /// <param name="bucket">The bucket.</param>
    /// <param name="collection">As of <see cref="LiveListener"/>.</param>
    /// <param name="caller">As of <see cref="LiveListener"/>.</param>
    /// <param name="signal">As of <see cref="LiveListener"/>.</param>
    /// <returns>To be disposed when the stream ends.</returns>
    public LiveListener Listen(BucketId bucket, string? collection, Caller caller, LiveSignal signal)
    {
        BucketSubscription made;
        LiveListener listener;
        lock (gate)
        {
            if (all.TryGetValue(bucket, out var own) && own.TryAdd(collection, caller, signal) is { } added)
            {
                return added;
            }

            made = new BucketSubscription(bucket, feed, options.Live.MergeTime, time, Forget, logger);
            all[bucket] = made;
            listener = made.TryAdd(collection, caller, signal)!;
        }

        metrics.BucketWatched();

        // It is for all streams that come: neither the cancellation nor the trace of the first one belongs to it.
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(made.RunAsync);
        }

        return listener;
    }

    private void Forget(BucketSubscription own)
    {
        metrics.BucketLeft();
        lock (gate)
        {
            if (all.TryGetValue(own.Id, out var current) && current == own)
            {
                all.Remove(own.Id);
            }
        }
    }
}
