namespace Lockstep.Core.Storage;

/// <param name="Status">What happened.</param>
/// <param name="Row">The bucket's row, when it is done.</param>
public readonly record struct CommitOutcome(CommitStatus Status, long Row = 0)
{
    public static readonly CommitOutcome Stale = new(CommitStatus.Stale);
    public static readonly CommitOutcome NotExecuted = new(CommitStatus.NotExecuted);
    public static readonly CommitOutcome Unknown = new(CommitStatus.Unknown);
}
