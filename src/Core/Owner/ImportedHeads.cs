using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>The heads with which an import continues after a commit.</summary>
internal static class ImportedHeads
{
    /// <exception cref="StoreUnavailableException">The commit failed, or its outcome is unknown. The import can be started again.</exception>
    public static BucketHeads After(BucketCommit commit, CommitOutcome outcome) => outcome.Status switch
    {
        CommitStatus.Done => commit.Heads with { Row = outcome.Row, Lease = outcome.Lease, Incarnation = outcome.Incarnation },
        CommitStatus.Stale => throw new StoreUnavailableException("Somebody else writes to what is being imported."),
        CommitStatus.Closed => throw new StoreUnavailableException("The account that is being imported was deleted meanwhile."),
        CommitStatus.Unknown => throw new StoreUnavailableException("The database was lost while it was written to."),
        _ => throw new StoreUnavailableException("The database refused what was to be imported."),
    };
}
