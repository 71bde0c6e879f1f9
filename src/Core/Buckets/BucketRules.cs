namespace Lockstep.Core.Buckets;

/// <summary>The behaviour of a bucket that depends on its kind. Clock, draft and reader look it up here, and nowhere else.</summary>
/// <param name="Stamping">What gets a stamp of its own.</param>
/// <param name="StepMs">The minimal distance of two stamps in milliseconds; stamps are multiples of it.</param>
/// <param name="Tombstones">
/// Whether a deletion leaves a tombstone. If not, the row is removed; a list's stamp then moves with every write to it, and a
/// missing list has no stamp.
/// </param>
/// <param name="Expires">Whether records can expire.</param>
public sealed record BucketRules(Stamping Stamping, int StepMs, bool Tombstones, bool Expires)
{
    private static readonly BucketRules Kinto = new(Stamping.PerOperation, StepMs: 1, Tombstones: true, Expires: false);
    private static readonly BucketRules Sync = new(Stamping.PerRequest, StepMs: 10, Tombstones: false, Expires: true);

    /// <summary>The rules of a kind. An unknown kind has those of the first one, which are never used.</summary>
    public static BucketRules Of(BucketKind kind) => kind == BucketKind.Sync ? Sync : Kinto;
}
