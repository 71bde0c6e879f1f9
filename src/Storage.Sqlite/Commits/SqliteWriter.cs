using System.Collections.Concurrent;
using Lockstep.Core.Metering;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Commits;

/// <summary>
/// The one connection that writes, on a thread of its own. Invariants:
/// <list type="number">
/// <item>Group commit: whatever has queued, from however many buckets, goes into one transaction and one fsync.</item>
/// <item>A job of many rows has a transaction to itself, after all others that have queued: one of them at most holds these up. <see cref="LargeJobs"/> has
/// those that wait.</item>
/// <item>Each job runs in a savepoint: one that SQLite refuses fails alone, the others are committed.</item>
/// <item>A job hears "done" after COMMIT returned, never before; a fault before COMMIT means that nothing was written, and so
/// does one in COMMIT that says that there was no room. Any other leaves it open, and the connection is thrown away, so that recovery
/// decides what the file holds, and not what this process remembers.</item>
/// <item>After such a fault the log may hold a whole transaction that no reader sees yet and that recovery after a crash
/// would find. The next transaction always writes, and so overwrites it: what was told as not executed stays so.</item>
/// <item>A job that still waits at its deadline is not executed, and hears so within <see cref="WatchTime"/>, also while the thread hangs.</item>
/// <item>The thread ends with the program and not before, whatever happens on it.</item>
/// </list>
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int MaxJobs = 512;
    private const int MaxRows = 500;

    /// <summary>How long another process may hold the file before a transaction is given up, or a read.</summary>
    public static readonly TimeSpan LockTime = TimeSpan.FromSeconds(5);

    /// <summary>How often the jobs that wait are looked at: one timer for all is cheaper than one for each.</summary>
    private static readonly TimeSpan WatchTime = TimeSpan.FromSeconds(0.25);

    private readonly BlockingCollection<WriteJob> queue = [];

    // Jobs of many rows that were taken out of the queue.
    private readonly LargeJobs large;
    private readonly TimeProvider time;
    private readonly Func<SqliteStatements> open;
    private readonly Action<Exception> onFault;
    private readonly StoreMetrics metrics;
    private readonly Thread thread;
    private readonly ITimer watch;
    private bool watching;
    private SqliteStatements? statements;
    private bool unsettled;

    /// <param name="open">Opens a connection; called on the writer's thread.</param>
    /// <param name="onFault">Hears why something was not done; called from any thread.</param>
    /// <param name="metrics">Hears of transactions and faults.</param>
    /// <param name="time">The clock of deadlines and rests.</param>
    public SqliteWriter(Func<SqliteStatements> open, Action<Exception> onFault, StoreMetrics metrics, TimeProvider time)
    {
        this.open = open;
        this.onFault = onFault;
        this.metrics = metrics;
        this.time = time;
        large = new LargeJobs(time);
        watch = time.CreateTimer(_ => GiveUpLate(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        thread = new Thread(Run) { IsBackground = true, Name = "sqlite-writer" };
        thread.Start();
    }

    /// <summary>Queues the work.</summary>
    /// <param name="run">The work.</param>
    /// <param name="deadline">Not begun by then, it is not executed any more. Default: never comes.</param>
    /// <param name="rows">Rows that it writes, roughly.</param>
    /// <param name="user">Whose rows they are; null for the server's own.</param>
    /// <returns>What the job found; or that it was not executed, or that its fate is unknown.</returns>
    public Task<CommitOutcome> WriteAsync(Func<SqliteStatements, CommitOutcome> run, Deadline deadline = default, int rows = 1, string? user = null)
    {
        var job = new WriteJob(run, deadline, rows > MaxRows, user);
        try
        {
            queue.Add(job);
            Watch();
        }
        catch (InvalidOperationException)
        {
            job.End(CommitOutcome.NotExecuted);
        }

        return job.Ended;
    }

    /// <summary>Finishes what has queued, then closes the connection.</summary>
    public void Dispose()
    {
        queue.CompleteAdding();
        thread.Join();
        watch.Dispose();
        queue.Dispose();
    }

    /// <summary>Starts the timer, if it does not run.</summary>
    private void Watch()
    {
        if (!Interlocked.Exchange(ref watching, true))
        {
            watch.Change(WatchTime, Timeout.InfiniteTimeSpan);
        }
    }

    private void GiveUpLate()
    {
        // Before the look at the queue: whoever finds the timer running has queued already.
        Volatile.Write(ref watching, false);
        WriteJob[] waiting;
        try
        {
            // Each a copy: they grow meanwhile.
            waiting = [.. queue.ToArray(), .. large.Waiting];
        }
        catch (ObjectDisposedException)
        {
            // Closed meanwhile: all jobs have ended.
            return;
        }

        foreach (var job in waiting.Where(static job => job.Deadline.HasCome))
        {
            job.TryGiveUp();
        }

        if (waiting.Length > 0)
        {
            Watch();
        }
    }

    private void Run()
    {
        var jobs = new List<WriteJob>(MaxJobs);
        while (!queue.IsCompleted || !large.IsEmpty)
        {
            if (queue.TryTake(out var first, large.UntilDue))
            {
                Sort(first);
                while (jobs.Count < MaxJobs && queue.TryTake(out var next))
                {
                    Sort(next);
                }
            }

            RunAll(isLarge: false);

            // At the end, nobody writes who could be held up.
            if (large.TryTake(anyway: queue.IsAddingCompleted, out var one))
            {
                Take(one);
                RunAll(isLarge: true);
            }
        }

        Reset();

        void RunAll(bool isLarge)
        {
            if (jobs.Count == 0)
            {
                return;
            }

            try
            {
                var begun = isLarge ? time.GetTimestamp() : 0;
                RunTransaction(jobs);
                if (isLarge)
                {
                    large.Ended(jobs[0], begun);
                }
            }
            catch (Exception e)
            {
                // A bug, and nobody knows how far it came. Were it to end this thread, nothing would be written any more.
                unsettled = true;
                Reset();
                jobs.ForEach(static job => job.End(CommitOutcome.Unknown));
                Report(e);
            }

            jobs.Clear();
        }

        void Sort(WriteJob job)
        {
            if (job.IsLarge)
            {
                large.Add(job);

                // For its deadline, if the timer looked while it was in neither queue.
                Watch();
                return;
            }

            large.SmallCame(job.User);
            Take(job);
        }

        void Take(WriteJob job)
        {
            if (job.Deadline.Left < LockTime)
            {
                // Waiting for the lock on the file could use up all the time that is left.
                job.TryGiveUp();
            }
            else if (job.TryTake())
            {
                jobs.Add(job);
            }
        }
    }

    private void RunTransaction(List<WriteJob> jobs)
    {
        var begun = metrics.Now();
        try
        {
            statements ??= open();
            statements.Execute("BEGIN IMMEDIATE");
            if (unsettled)
            {
                statements.Execute("INSERT INTO meta VALUES ('fence', hex(randomblob(16))) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
            }

            foreach (var job in jobs)
            {
                RunInSavepoint(job, statements);
            }
        }
        catch (Exception e)
        {
            // Out of room, gone, locked: before COMMIT nothing is written.
            Reset();
            metrics.TransactionEnded(jobs.Count, begun);
            jobs.ForEach(static job => job.End(CommitOutcome.NotExecuted));
            Report(e);
            return;
        }

        try
        {
            statements.Execute("COMMIT");
            unsettled = false;
        }
        catch (Exception e)
        {
            // No room: of a transaction that does not fit into the log whole, recovery finds nothing. Anything else may have come
            // after its last byte.
            var told = e is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_FULL } ? CommitOutcome.NotExecuted : CommitOutcome.Unknown;
            unsettled |= told == CommitOutcome.Unknown;
            Reset();
            metrics.TransactionEnded(jobs.Count, begun);
            jobs.ForEach(job => job.End(told));
            Report(e);
            return;
        }

        metrics.TransactionEnded(jobs.Count, begun);
        jobs.ForEach(static job => job.End());
    }

    private void RunInSavepoint(WriteJob job, SqliteStatements statements)
    {
        statements.Execute("SAVEPOINT job");
        try
        {
            job.Run(statements);
        }
        catch (Exception e) when (e is not SqliteException fault || IsAboutTheData(fault))
        {
            Report(e);
            statements.Execute("ROLLBACK TO job");
            job.Refuse();
        }

        statements.Execute("RELEASE job");
    }

    /// <summary>Has a fault counted and heard of, also one of a reader.</summary>
    public void Report(Exception fault)
    {
        metrics.Fault();
        try
        {
            onFault(fault);
        }
        catch (Exception)
        {
            // A listener that fails must not stop the writer.
        }
    }

    /// <summary>Faults of one job's values, not of the database: only these are isolated.</summary>
    private static bool IsAboutTheData(SqliteException e) =>
        e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CONSTRAINT or SQLitePCL.raw.SQLITE_TOOBIG or SQLitePCL.raw.SQLITE_MISMATCH;

    /// <summary>Closing rolls back what is open.</summary>
    private void Reset()
    {
        var broken = statements;
        statements = null;
        try
        {
            broken?.Dispose();
        }
        catch (Exception)
        {
            // It is forgotten all the same.
        }
    }
}
