namespace Lockstep.Core.Buckets;

/// <summary>The protocol family of a bucket, determined by its id, so it never changes. <see cref="BucketRules"/> lists the consequences.</summary>
public enum BucketKind : byte
{
    /// <summary>A kind that this program does not know, from a newer one. Sweeps skip it, and requests to it are refused.</summary>
    Unknown = 0,

    /// <summary>Stamps step by 1 ms; tombstones are shown to <c>_since</c> readers.</summary>
    Kinto = 1,

    /// <summary>A Firefox user's storage: stamps are multiples of 10 ms, records expire, and deleted records leave no tombstones.</summary>
    Sync = 2,
}
