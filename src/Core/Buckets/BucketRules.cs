namespace Lockstep.Core.Buckets;

/// <summary>
/// The behaviour of a bucket that depends on its kind. Core looks it up here: nothing outside of this namespace asks which kind it is. What a
/// kind does not say it does not do.
/// </summary>
public sealed record BucketRules
{
    private static readonly BucketRules Kinto = new()
    {
        IsKnown = true, Tombstones = true, IsShareable = true, HasReadableData = true, KeepsHistory = true, HasQuotas = true,
    };

    private static readonly BucketRules Sync = new() { IsKnown = true, Stamping = Stamping.PerRequest, StepMs = 10, Expires = true };

    // Nobody may do anything in it, and nothing in it is removed.
    private static readonly BucketRules Unknown = new();

    private BucketRules()
    {
    }

    /// <summary>Whether this program knows the kind. If not, every request to the bucket is refused, and sweeps skip it.</summary>
    public bool IsKnown { get; private init; }

    /// <summary>What gets a stamp of its own.</summary>
    public Stamping Stamping { get; private init; } = Stamping.PerOperation;

    /// <summary>The minimal distance of two stamps in milliseconds; stamps are multiples of it.</summary>
    public int StepMs { get; private init; } = 1;

    /// <summary>
    /// Whether a deletion leaves a tombstone. If not, the row is removed; a list's stamp then moves with every write to it, and a
    /// missing list has no stamp.
    /// </summary>
    public bool Tombstones { get; private init; }

    /// <summary>Whether records can expire.</summary>
    public bool Expires { get; private init; }

    /// <summary>Whether permissions let others in than the owner. If not, the bucket is its owner's alone, whatever its permissions say.</summary>
    public bool IsShareable { get; private init; }

    /// <summary>
    /// Whether the data of its objects is JSON that the server reads: its fields can be declared for an index, and rules of buckets and collections judge it. If not,
    /// the data means something to its clients only.
    /// </summary>
    public bool HasReadableData { get; private init; }

    /// <summary>Whether history of its objects can be kept.</summary>
    public bool KeepsHistory { get; private init; }

    /// <summary>Whether the quotas of the settings limit it. If not, a write may bring a limit of its own.</summary>
    public bool HasQuotas { get; private init; }

    /// <summary>The rules of a kind. A kind without rules is an unknown one, as is a number that a newer program has stored.</summary>
    public static BucketRules Of(BucketKind kind) => kind switch
    {
        BucketKind.Kinto => Kinto,
        BucketKind.Sync => Sync,
        _ => Unknown,
    };
}
