using Lockstep.Core.Storage;

namespace Lockstep.Storage.Sqlite.Commits;

/// <summary>A piece of work for the writer: runs inside the shared transaction, and is told how that ended.</summary>
internal sealed class WriteJob(Func<SqliteStatements, CommitOutcome> run)
{
    private readonly TaskCompletionSource<CommitOutcome> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the job found; counts once the transaction is committed.</summary>
    public CommitOutcome Result { get; private set; }

    public Task<CommitOutcome> Ended => ended.Task;

    public void Run(SqliteStatements statements) => Result = run(statements);

    public void Refuse() => Result = CommitOutcome.Refused;

    public void End() => ended.TrySetResult(Result);

    public void End(CommitOutcome outcome) => ended.TrySetResult(outcome);
}
