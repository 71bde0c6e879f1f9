using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Leases;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Commits;

/// <summary>
/// A connection that commits, one transaction after the other, under its own row in the table of writers. Invariants:
/// <list type="number">
/// <item>A commit is reported as done only after the server said that the transaction is committed.</item>
/// <item>When that answer is lost, the writer's row is fenced and read before anything else happens here. This waits for the
/// transaction if it still runs, tells whether it was the last one committed, and keeps it from running later. Only then is
/// the commit reported, or run again under a new row.</item>
/// <item>All of this ends by the earliest deadline in the group. The remaining time is shared: the last part is for the question.
/// Before that the server should end the transaction by itself, since then nobody has to ask.</item>
/// </list>
/// </summary>
internal sealed class CommitLane(NpgsqlDataSource source, ProcessLease lease, PostgresOptions options, TimeProvider time, Action<Exception> onFault)
    : IAsyncDisposable
{
    private const int MaxAttempts = 5;

    // Each closed account fences all writers, and there may be many.
    private const int MaxFences = 100;
    private static readonly TimeSpan PauseBetweenQuestions = TimeSpan.FromMilliseconds(200);

    // Time reserved for the question, if there is that much.
    private static readonly TimeSpan QuestionTime = TimeSpan.FromSeconds(3);

    // With less time left no transaction begins: one more "not known" is worse than one more "later".
    private static readonly TimeSpan LeastTime = TimeSpan.FromMilliseconds(500);

    // How much earlier than this side the server must end a transaction, so that its answer arrives in time.
    private static readonly TimeSpan WayBack = TimeSpan.FromMilliseconds(100);

    private readonly LaneConnection connection = new(source);
    private readonly LaneConnection questions = new(source);
    private long writer;
    private long sequence;

    /// <summary>Runs the commits in one transaction.</summary>
    /// <param name="group">Each bucket at most once.</param>
    /// <returns>
    /// If <see cref="GroupResult.Committed"/>, the outcome of each commit, null for a bucket that
    /// another transaction has locked.
    /// </returns>
    public async ValueTask<(GroupResult Result, CommitOutcome?[] Outcomes)> ExecuteAsync(IReadOnlyList<PendingCommit> group)
    {
        var deadline = group[0].Commit.Deadline;
        for (var i = 1; i < group.Count; i++)
        {
            deadline = Deadline.Earliest(deadline, group[i].Commit.Deadline);
        }

        for (int attempt = 0, fences = 0; attempt < MaxAttempts && fences < MaxFences; attempt++)
        {
            var limit = TimeOf(deadline.Left);
            if (limit < LeastTime)
            {
                break;
            }

            // :: Step 1: get what the transaction needs. A failure here loses nothing.
            var until = Deadline.After(limit, time);
            using var patience = new CancellationTokenSource(limit, time);
            NpgsqlConnection? open = null;
            var term = lease.Current;
            try
            {
                open = await connection.OpenAsync(patience.Token);
                if (writer == 0)
                {
                    writer = await connection.WaitAsync(NewWriterAsync(open, lease.Registered, limit), patience.Token);
                    sequence = 0;
                }

                await connection.WaitAsync(EnsureRowsAsync(open, group, limit), patience.Token);
            }
            catch (Exception e)
            {
                await connection.DropAsync();
                if (PostgresFaults.IsAboutTheData(e))
                {
                    return (GroupResult.Refused, []);
                }

                if (open is not null && PostgresFaults.IsOfTheProgram(e))
                {
                    onFault(e);
                    return (GroupResult.Refused, []);
                }

                if (open is not null && PostgresFaults.IsLostConnection(e))
                {
                    // An old connection may have broken long ago. If a new one cannot be opened, more tries will not help.
                    continue;
                }

                onFault(Explain(e));
                return (GroupResult.NotExecuted, []);
            }

            // :: Step 2: the transaction.
            try
            {
                if (await connection.WaitAsync(CommitAsync(open, writer, sequence + 1, term, group, until.Left), patience.Token) is { } outcomes)
                {
                    sequence++;
                    return (GroupResult.Committed, outcomes);
                }

                // The writer's row is gone or fenced: nothing was done, and this does not count as a try.
                writer = 0;
                fences++;
                attempt--;
            }
            catch (Exception e) when (PostgresFaults.IsRolledBack(e))
            {
                if (PostgresFaults.IsConflict(e))
                {
                    continue;
                }

                onFault(e);
                return (PostgresFaults.IsAboutTheData(e) ? GroupResult.Refused : GroupResult.NotExecuted, []);
            }
            catch (Exception e)
            {
                // :: Step 3: the answer is lost. Ask.
                onFault(Explain(e));
                await connection.DropAsync();
                var (lost, at) = (writer, sequence + 1);
                writer = 0;
                switch (await DecideAsync(lost, at, deadline))
                {
                    case null:
                        return (GroupResult.Unknown, []);
                    case { Committed: true } decision:
                        // Nobody knows which server committed, so no lease is granted: the next turn reads its start from the database.
                        return (GroupResult.Committed, [.. group.Select(pending => decision.Done.Contains(pending.Commit.Nonce)
                            ? new CommitOutcome(CommitStatus.Done, pending.Row)
                            : (CommitOutcome?)CommitOutcome.Stale)]);
                    case { Committed: false } when PostgresFaults.IsOfTheProgram(e):
                        // The values caused the fault before the server had them, so it would happen again.
                        return (GroupResult.Refused, []);
                }
            }
        }

        return (GroupResult.NotExecuted, []);
    }

    /// <summary>Takes a new connection and a new writer's row, whatever state the old ones are in.</summary>
    public async ValueTask StartOverAsync()
    {
        writer = 0;
        await connection.DropAsync();
        await questions.DropAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await questions.DisposeAsync();
    }

    /// <summary>How much of the remaining time the transaction may take.</summary>
    private TimeSpan TimeOf(TimeSpan left)
    {
        var most = left - QuestionTime > left / 2 ? left - QuestionTime : left / 2;
        return most < options.CommandTimeout ? most : options.CommandTimeout;
    }

    private static Exception Explain(Exception fault) =>
        fault is OperationCanceledException ? new TimeoutException("PostgreSQL did not answer in the time there was for it.", fault) : fault;

    // Ends statements that nobody waits for any more. Npgsql counts whole seconds.
    private static int Seconds(TimeSpan limit) => (int)Math.Ceiling(limit.TotalSeconds);

    private static async Task<long> NewWriterAsync(NpgsqlConnection open, long process, TimeSpan limit)
    {
        await using var command = new NpgsqlCommand("INSERT INTO writers (process) VALUES ($1) RETURNING writer", open) { CommandTimeout = Seconds(limit) };
        new ParameterList(command.Parameters).Add(process);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>
    /// Makes rows for new buckets in a transaction of its own. Unlike a locked row, a new row cannot be skipped: if a long transaction
    /// made it, all others that are about to make it too would wait.
    /// </summary>
    /// <returns>How many buckets were checked.</returns>
    private static async Task<int> EnsureRowsAsync(NpgsqlConnection open, IReadOnlyList<PendingCommit> group, TimeSpan limit)
    {
        var missing = group.Where(static pending => pending.Row == 0).OrderBy(static pending => pending.Commit.Id.Value, StringComparer.Ordinal).ToList();
        if (missing.Count == 0)
        {
            return 0;
        }

        await using var batch = new NpgsqlBatch(open) { Timeout = Seconds(limit) };
        foreach (var sql in new[]
        {
            "INSERT INTO buckets (id, kind) SELECT id, kind FROM unnest($1, $2) AS i (id, kind) ORDER BY id COLLATE \"C\" ON CONFLICT (id) DO NOTHING",
            "SELECT b.id, b.bucket FROM unnest($1, $2) AS i (id, kind) JOIN buckets b ON b.id = i.id",
        })
        {
            var command = new NpgsqlBatchCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. missing.Select(static pending => pending.Commit.Id.Value)] });
            command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. missing.Select(static pending => (short)pending.Commit.Id.Kind)] });
            batch.BatchCommands.Add(command);
        }

        var rows = new Dictionary<string, long>(missing.Count, StringComparer.Ordinal);
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                rows.Add(reader.GetString(0), reader.GetInt64(1));
            }

            while (await reader.NextResultAsync())
            {
            }
        }

        foreach (var pending in missing)
        {
            pending.Row = rows[pending.Commit.Id.Value];
        }

        return missing.Count;
    }

    /// <returns>The outcomes; null if the writer's row does not allow this transaction.</returns>
    private async Task<CommitOutcome?[]?> CommitAsync(
        NpgsqlConnection open, long lane, long number, LeaseTerm term, IReadOnlyList<PendingCommit> group, TimeSpan limit)
    {
        var found = new Dictionary<long, CommitOutcome>(group.Count);
        long? incarnation = null;
        limit = limit < LeastTime ? LeastTime : limit;
        var within = options.StatementTimeout + WayBack > limit ? PostgresOptions.OnTheServer(limit) : (TimeSpan?)null;
        await using (var batch = CommitStatement.Create(open, lane, number, term.Process, group, within))
        {
            batch.Timeout = Seconds(limit);
            await using var reader = await batch.ExecuteReaderAsync();
            if (within is not null)
            {
                await reader.NextResultAsync();
            }

            while (await reader.ReadAsync())
            {
                if (reader.IsDBNull(0))
                {
                    incarnation = reader.GetInt64(3);
                }
                else
                {
                    var row = reader.GetInt64(0);
                    found.Add(row, !reader.IsDBNull(2) ? new CommitOutcome(CommitStatus.Closed, Closed: reader.GetFieldValue<long[]>(2))
                        : reader.GetBoolean(1) ? new CommitOutcome(CommitStatus.Done, row, term.Term)
                        : CommitOutcome.Stale);
                }
            }

            // The rows come before the commit. Only after the last result has the server said that it is committed.
            while (await reader.NextResultAsync())
            {
            }
        }

        if (incarnation is not { } server)
        {
            return null;
        }

        var outcomes = new CommitOutcome?[group.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = found.TryGetValue(group[i].Row, out var outcome) ? outcome with { Incarnation = server } : null;
        }

        return outcomes;
    }

    /// <summary>Finds out whether a transaction was committed, and keeps it from being committed later.</summary>
    /// <returns>Null if the database cannot be asked.</returns>
    private async ValueTask<Decision?> DecideAsync(long lost, long at, Deadline deadline)
    {
        var until = Deadline.Earliest(deadline, Deadline.After(options.DecisionTimeout, time));
        using var patience = new CancellationTokenSource(until.Left, time);
        while (!patience.IsCancellationRequested)
        {
            try
            {
                var open = await questions.OpenAsync(patience.Token);
                var limit = until.Left < options.CommandTimeout ? until.Left : options.CommandTimeout;
                var decision = await questions.WaitAsync(AskAsync(open, lost, at, limit), patience.Token);
                await questions.DropAsync();
                return decision;
            }
            catch (Exception e) when (PostgresFaults.IsOfTheDatabase(e) || e is OperationCanceledException)
            {
                await questions.DropAsync();
                await Task.Delay(PauseBetweenQuestions, time, patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return null;
    }

    private static async Task<Decision?> AskAsync(NpgsqlConnection open, long lost, long at, TimeSpan limit)
    {
        await using var command = new NpgsqlCommand("UPDATE writers SET fenced = true WHERE writer = $1 RETURNING sequence, done", open)
        {
            CommandTimeout = Math.Max(1, Seconds(limit)),
        };
        new ParameterList(command.Parameters).Add(lost);
        Decision? decision = null;
        await using var reader = await command.ExecuteReaderAsync();
        if (await reader.ReadAsync())
        {
            decision = new Decision(reader.GetInt64(0) == at, [.. reader.GetFieldValue<Guid[]>(1)]);
        }

        while (await reader.NextResultAsync())
        {
        }

        return decision;
    }

    private sealed record Decision(bool Committed, HashSet<Guid> Done);
}
