namespace Lockstep.Core.Buckets;

/// <summary>The gateway's one port: from an id to its owner. In-process in the single node, grains in the cluster.</summary>
public interface IBuckets
{
    /// <summary>Never fails and touches no storage; a bucket that does not exist yet has an owner all the same.</summary>
    IBucket Get(BucketId id);
}
