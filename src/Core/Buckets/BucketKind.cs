namespace Lockstep.Core.Buckets;

/// <summary>What protocol family a bucket belongs to. Read off its id, so it can never change. What follows from it: <see cref="BucketRules"/>.</summary>
public enum BucketKind : byte
{
    /// <summary>One that this program does not know, made by a newer one. Sweeps leave it alone, and requests to it are refused.</summary>
    Unknown = 0,

    /// <summary>Stamps step by 1 ms; tombstones are shown to <c>_since</c> readers.</summary>
    Kinto = 1,

    /// <summary>A Firefox user's storage: stamps lie on a 10 ms grid, records expire, and what is deleted is gone.</summary>
    Sync = 2,
}
