namespace Lockstep.Core.Buckets;

/// <summary>The basis on which a caller accesses a bucket.</summary>
public enum BucketAccess : byte
{
    /// <summary>The permissions of the bucket and its objects for the caller's principals.</summary>
    ByAcl = 0,

    /// <summary>
    /// The bucket's id was derived from the caller's own identity: the bucket is theirs. It, and its collections, are created
    /// with the first write.
    /// </summary>
    Own = 1,

    /// <summary>
    /// The server itself, which deletes buckets and removes old tombstones: in any bucket, or, with a user among the principals, only
    /// in one that this user created. No client request has it, and it is never sent with those: see the grains' interface.
    /// </summary>
    System = 2,
}
