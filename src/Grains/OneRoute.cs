using Lockstep.Core.Buckets;

namespace Lockstep.Grains;

/// <summary>The way of who is in the cluster already: a silo knows where owners are.</summary>
/// <param name="grains">The cluster.</param>
public sealed class OneRoute(IGrainFactory grains) : IOwnerRoutes
{
    public IGrainFactory Find(BucketId id) => grains;

    public void Lost(IGrainFactory route)
    {
        // There is no other one.
    }
}
