namespace Lockstep.Core.Buckets;

/// <summary>What protocol family a bucket belongs to. Read off its id, so it can never change.</summary>
public enum BucketKind : byte
{
    /// <summary>Stamps step by 1 ms; tombstones are shown to <c>_since</c> readers.</summary>
    Kinto = 1,

    /// <summary>A Firefox user's storage: stamps lie on a 10 ms grid.</summary>
    Sync = 2,
}
