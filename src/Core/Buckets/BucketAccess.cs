namespace Lockstep.Core.Buckets;

/// <summary>By what right a caller comes to a bucket.</summary>
public enum BucketAccess : byte
{
    /// <summary>By what the bucket and its objects say of the caller's principals.</summary>
    ByAcl = 0,

    /// <summary>
    /// The bucket's id was derived from the caller's own identity: the bucket is theirs, and it (and its collections) come into
    /// being with the first write.
    /// </summary>
    Own = 1,

    /// <summary>
    /// The server itself, which deletes buckets and removes old tombstones: in any bucket, or with a user among the principals only
    /// in one that this user made. No request of a client has it, and it never travels among those: see the grains' interface.
    /// </summary>
    System = 2,
}
