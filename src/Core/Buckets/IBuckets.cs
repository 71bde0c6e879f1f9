namespace Lockstep.Core.Buckets;

/// <summary>The gateway's only port to owners, by bucket id. In servers it leads to grains; behind those, and in commands, to plain objects of the process.</summary>
public interface IBuckets
{
    /// <summary>Never fails and does not access the storage; a bucket that does not exist yet has an owner too.</summary>
    IBucket Get(BucketId id);
}
