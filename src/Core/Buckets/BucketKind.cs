namespace Lockstep.Core.Buckets;

/// <summary>The protocol family of a bucket, determined by its id, so it never changes. <see cref="BucketRules"/> says what follows from it. The numbers are stored.</summary>
public enum BucketKind : byte
{
    /// <summary>A kind that this program does not know, from a newer one. Sweeps skip it, and requests to it are refused.</summary>
    Unknown = 0,

    /// <summary>A bucket of collections that may be shared. Its data is JSON, and deletions are shown to readers who ask for changes.</summary>
    Kinto = 1,

    /// <summary>A storage of one user. What is in its records only the user's devices can read; records may expire, and deletions leave nothing.</summary>
    Sync = 2,
}
