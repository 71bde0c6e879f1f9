using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql.Commits;

/// <summary>A commit on its way into the database, and the task for its outcome.</summary>
internal sealed class PendingCommit(BucketCommit commit, long queuedAt)
{
    private const int Waiting = 0;
    private const int Taken = 1;
    private const int GivenUp = 2;

    private readonly TaskCompletionSource<CommitOutcome> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int state = Waiting;

    public BucketCommit Commit { get; } = commit;

    /// <summary>When it was queued, on the monotonic clock.</summary>
    public long QueuedAt { get; } = queuedAt;

    /// <summary>Bytes of its records, roughly as they are sent.</summary>
    public long Bytes { get; } = BytesOf(commit);

    /// <summary>Rows that it writes, roughly.</summary>
    public int Rows { get; } = commit.Records.Count + commit.Grants.Count + commit.FieldKeys.Count;

    /// <summary>How often the bucket was found locked.</summary>
    public int TimesBusy { get; set; }

    /// <summary>The bucket's row; 0 until it has one.</summary>
    public long Row { get; set; } = commit.Heads.Row;

    public Task<CommitOutcome> Outcome => outcome.Task;

    /// <summary>Takes it for a transaction, unless it was given up.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref state, Taken, Waiting) == Waiting;

    /// <summary>Returns it to the queue, because its transaction has left it out.</summary>
    public void PutBack() => Interlocked.CompareExchange(ref state, Waiting, Taken);

    /// <summary>Ends it as not executed, unless a transaction has it.</summary>
    public void TryGiveUp()
    {
        if (Interlocked.CompareExchange(ref state, GivenUp, Waiting) == Waiting)
        {
            Complete(CommitOutcome.NotExecuted);
        }
    }

    public void Complete(CommitOutcome result) => outcome.TrySetResult(result);

    private static long BytesOf(BucketCommit commit)
    {
        var bytes = 0L;
        for (var i = 0; i < commit.Records.Count; i++)
        {
            var row = commit.Records[i].Value;
            bytes += 100L + row.Body.Length + (row.Acl?.Length ?? 0);
        }

        for (var i = 0; i < commit.Lists.Count; i++)
        {
            bytes += commit.Lists[i].Acl is { } acl && commit.StoresAclOf(commit.Lists[i].List) ? acl.Size : 0;
        }

        for (var i = 0; i < commit.Grants.Count; i++)
        {
            var key = commit.Grants[i].Key;
            bytes += 64L + key.Principal.Length + key.Id.Length;
        }

        for (var i = 0; i < commit.FieldKeys.Count; i++)
        {
            var row = commit.FieldKeys[i];
            bytes += 64L + row.Id.Length + (row.Key?.Length ?? 0);
        }

        return bytes;
    }
}
