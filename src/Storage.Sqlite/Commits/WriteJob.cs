using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Storage.Sqlite.Commits;

/// <summary>A piece of work for the writer: runs inside the shared transaction, and is told how that ended.</summary>
/// <param name="run">The work.</param>
/// <param name="deadline">When it must be told how it ended.</param>
/// <param name="isLarge">Whether it takes long.</param>
/// <param name="user">Whose rows they are; null for the server's own.</param>
internal sealed class WriteJob(Func<SqliteStatements, CommitOutcome> run, Deadline deadline, bool isLarge, string? user)
{
    private const int Waiting = 0;
    private const int Taken = 1;
    private const int GivenUp = 2;

    private readonly TaskCompletionSource<CommitOutcome> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int state = Waiting;

    public Deadline Deadline { get; } = deadline;

    /// <summary>Whether it has a transaction to itself.</summary>
    public bool IsLarge => isLarge;

    public string? User => user;

    /// <summary>What the job found; counts once the transaction is committed.</summary>
    public CommitOutcome Result { get; private set; }

    public Task<CommitOutcome> Ended => ended.Task;

    /// <summary>For a transaction; not when it was given up.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref state, Taken, Waiting) == Waiting;

    /// <summary>Ends it as not executed, unless a transaction has it.</summary>
    public void TryGiveUp()
    {
        if (Interlocked.CompareExchange(ref state, GivenUp, Waiting) == Waiting)
        {
            End(CommitOutcome.NotExecuted);
        }
    }

    public void Run(SqliteStatements statements) => Result = run(statements);

    public void Refuse() => Result = CommitOutcome.Refused;

    public void End() => ended.TrySetResult(Result);

    public void End(CommitOutcome outcome) => ended.TrySetResult(outcome);
}
