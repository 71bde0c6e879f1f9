using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql.Commits;

/// <summary>A commit on its way into the database, and where its outcome goes.</summary>
internal sealed class PendingCommit(BucketCommit commit, long queuedAt)
{
    private readonly TaskCompletionSource<CommitOutcome> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BucketCommit Commit { get; } = commit;

    /// <summary>On the monotonic clock.</summary>
    public long QueuedAt { get; } = queuedAt;

    /// <summary>Bytes of its records, roughly as they travel.</summary>
    public long Bytes { get; } = commit.Records.Sum(static row => 100L + row.Value.Body.Length + (row.Value.Acl?.Length ?? 0));

    /// <summary>How often the bucket was found locked.</summary>
    public int TimesBusy { get; set; }

    /// <summary>The bucket's row; 0 until it has one.</summary>
    public long Row { get; set; } = commit.Heads.Row;

    public Task<CommitOutcome> Outcome => outcome.Task;

    public void Complete(CommitOutcome result) => outcome.TrySetResult(result);
}
