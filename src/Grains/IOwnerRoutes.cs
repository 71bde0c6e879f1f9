using Lockstep.Core.Buckets;

namespace Lockstep.Grains;

/// <summary>Ways into the cluster. Each leads to every owner; the best one leads to a bucket's owner without a detour.</summary>
public interface IOwnerRoutes
{
    /// <returns>The best way there is to the bucket's owner.</returns>
    IGrainFactory Find(BucketId id);

    /// <summary>Says that a call did not come back.</summary>
    /// <param name="route">The way it took.</param>
    void Lost(IGrainFactory route);
}
