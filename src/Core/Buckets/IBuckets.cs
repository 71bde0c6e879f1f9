namespace Lockstep.Core.Buckets;

/// <summary>The gateway's one port: from an id to its owner. In front of grains in servers; plain objects of the process behind those, and in commands.</summary>
public interface IBuckets
{
    /// <summary>Never fails and touches no storage; a bucket that does not exist yet has an owner all the same.</summary>
    IBucket Get(BucketId id);
}
