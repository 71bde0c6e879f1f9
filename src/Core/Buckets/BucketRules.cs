namespace Lockstep.Core.Buckets;

/// <summary>What a bucket does that depends on its kind. Clock, draft and reader ask here, and nowhere else.</summary>
/// <param name="Stamping">What gets a stamp of its own.</param>
/// <param name="StepMs">Milliseconds between two stamps at least; stamps are multiples of it.</param>
/// <param name="Tombstones">
/// Whether a deletion leaves a row that tells of it. Else the row goes; then a list's stamp moves with every write to it, and a
/// list that is not there has none.
/// </param>
/// <param name="Expires">Whether records can have an instant from which they are absent.</param>
public sealed record BucketRules(Stamping Stamping, int StepMs, bool Tombstones, bool Expires)
{
    private static readonly BucketRules Kinto = new(Stamping.PerOperation, StepMs: 1, Tombstones: true, Expires: false);
    private static readonly BucketRules Sync = new(Stamping.PerRequest, StepMs: 10, Tombstones: false, Expires: true);

    /// <summary>Those of a kind. A kind that is not known has those of the first one: nothing is ever done by them.</summary>
    public static BucketRules Of(BucketKind kind) => kind == BucketKind.Sync ? Sync : Kinto;
}
