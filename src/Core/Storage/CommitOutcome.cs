namespace Lockstep.Core.Storage;

/// <param name="Status">What happened.</param>
/// <param name="Row">The bucket's row, if it is done.</param>
/// <param name="Lease">The new heads' <see cref="BucketHeads.Lease"/>, if it is done.</param>
/// <param name="Incarnation">The new heads' <see cref="BucketHeads.Incarnation"/>, if it is done.</param>
/// <param name="Closed">Those of <see cref="BucketCommit.Accounts"/> that are closed, if that is why nothing was written.</param>
public readonly record struct CommitOutcome(CommitStatus Status, long Row = 0, long Lease = 0, long Incarnation = 0, IReadOnlyList<long>? Closed = null)
{
    public static readonly CommitOutcome Stale = new(CommitStatus.Stale);
    public static readonly CommitOutcome NotExecuted = new(CommitStatus.NotExecuted);
    public static readonly CommitOutcome Refused = new(CommitStatus.Refused);
    public static readonly CommitOutcome Unknown = new(CommitStatus.Unknown);
}
