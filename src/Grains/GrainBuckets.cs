using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Grains.Wire;
using Orleans.Runtime;

namespace Lockstep.Grains;

/// <summary>The gateway's port to owners that are grains.</summary>
public sealed class GrainBuckets(IGrainFactory grains) : IBuckets
{
    public IBucket Get(BucketId id) => new GrainBucket(grains.GetGrain<IBucketGrain>(id.Value));

    private sealed class GrainBucket(IBucketGrain grain) : IBucket
    {
        public async ValueTask<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken)
        {
            try
            {
                var response = await grain.ExecuteAsync(RequestWire.From(request), cancellationToken);
                return response.ToResponse();
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                // The call may have been executed, or may still be: nothing is repeated here, and nobody is told that it was not.
                return BucketResponse.Uniform(request, request.IsReadOnly ? Unavailable.StoreFailed : Unavailable.FateUnknown);
            }
        }
    }
}
