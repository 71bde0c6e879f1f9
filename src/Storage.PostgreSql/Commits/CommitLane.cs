using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Leases;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Commits;

/// <summary>
/// A connection that commits, one transaction after the other, under a row of its own in the table of writers. Invariants:
/// <list type="number">
/// <item>A commit is told as done only after the server said that the transaction is committed.</item>
/// <item>When that answer is lost, the writer's row is fenced and read before anything else happens here: it waits for the
/// transaction if that still runs, says whether it was the last one committed, and keeps it from running later. Only then is
/// it told, or run again under a new row.</item>
/// </list>
/// </summary>
internal sealed class CommitLane(NpgsqlDataSource source, ProcessLease lease, PostgresOptions options, TimeProvider time, Action<Exception> onFault)
    : IAsyncDisposable
{
    private const int MaxAttempts = 5;

    // Accounts that are closed fence all writers, and they may be many.
    private const int MaxFences = 100;
    private static readonly TimeSpan PauseBetweenQuestions = TimeSpan.FromMilliseconds(200);

    private readonly LaneConnection connection = new(source);
    private readonly LaneConnection questions = new(source);
    private long writer;
    private long sequence;

    /// <summary>Runs the commits in one transaction.</summary>
    /// <param name="group">Each bucket at most once.</param>
    /// <returns>
    /// If <see cref="GroupResult.Committed"/>, the outcome of each in <paramref name="outcomes"/>, null for a bucket that
    /// somebody else has locked.
    /// </returns>
    public async ValueTask<(GroupResult Result, CommitOutcome?[] Outcomes)> ExecuteAsync(IReadOnlyList<PendingCommit> group)
    {
        for (int attempt = 0, fences = 0; attempt < MaxAttempts && fences < MaxFences; attempt++)
        {
            // :: Step 1: what the transaction needs. Nothing is lost with it.
            NpgsqlConnection? open = null;
            var term = lease.Current;
            try
            {
                open = await connection.OpenAsync(CancellationToken.None);
                await EnsureWriterAsync(open, lease.Registered);
                await EnsureRowsAsync(open, group);
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
                    // An old connection may have broken long ago; one that cannot be opened will not be by trying on.
                    continue;
                }

                onFault(e);
                return (GroupResult.NotExecuted, []);
            }

            // :: Step 2: the transaction.
            try
            {
                if (await CommitAsync(open, term, group) is { } outcomes)
                {
                    return (GroupResult.Committed, outcomes);
                }

                // The writer's row is gone or fenced: nothing was done, and no try was lost.
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
                onFault(e);
                await connection.DropAsync();
                var (lost, at) = (writer, sequence + 1);
                writer = 0;
                switch (await DecideAsync(lost, at))
                {
                    case null:
                        return (GroupResult.Unknown, []);
                    case { Committed: true } decision:
                        return (GroupResult.Committed, [.. group.Select(pending => decision.Done.Contains(pending.Commit.Nonce)
                            ? new CommitOutcome(CommitStatus.Done, pending.Row, term.Term)
                            : (CommitOutcome?)CommitOutcome.Stale)]);
                    case { Committed: false } when PostgresFaults.IsOfTheProgram(e):
                        // It came of what was to be written, before the server had it, and would come again.
                        return (GroupResult.Refused, []);
                }
            }
        }

        return (GroupResult.NotExecuted, []);
    }

    /// <summary>Takes a new connection and a new writer's row for what comes, whatever state these are in.</summary>
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

    private async ValueTask EnsureWriterAsync(NpgsqlConnection open, long process)
    {
        if (writer != 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand("INSERT INTO writers (process) VALUES ($1) RETURNING writer", open);
        new ParameterList(command.Parameters).Add(process);
        writer = (long)(await command.ExecuteScalarAsync())!;
        sequence = 0;
    }

    /// <summary>
    /// Gives new buckets their rows in a transaction of their own: a new row cannot be skipped like a locked one, so whoever
    /// made it in a long transaction would hold up all others that are about to make it too.
    /// </summary>
    private static async ValueTask EnsureRowsAsync(NpgsqlConnection open, IReadOnlyList<PendingCommit> group)
    {
        var missing = group.Where(static pending => pending.Row == 0).OrderBy(static pending => pending.Commit.Id.Value, StringComparer.Ordinal).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(open);
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
    }

    /// <returns>The outcomes; null when the writer's row does not let this transaction happen.</returns>
    private async ValueTask<CommitOutcome?[]?> CommitAsync(NpgsqlConnection open, LeaseTerm term, IReadOnlyList<PendingCommit> group)
    {
        var found = new Dictionary<long, CommitOutcome>(group.Count);
        var laneHeld = false;
        await using (var command = CommitStatement.Create(open, writer, sequence + 1, term.Process, group))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                if (reader.IsDBNull(0))
                {
                    laneHeld = true;
                }
                else
                {
                    var row = reader.GetInt64(0);
                    found.Add(row, !reader.IsDBNull(2) ? new CommitOutcome(CommitStatus.Closed, Closed: reader.GetFieldValue<long[]>(2))
                        : reader.GetBoolean(1) ? new CommitOutcome(CommitStatus.Done, row, term.Term)
                        : CommitOutcome.Stale);
                }
            }

            // The rows come before the commit. Only behind the last result the server says that it is committed.
            while (await reader.NextResultAsync())
            {
            }
        }

        if (!laneHeld)
        {
            return null;
        }

        sequence++;
        var outcomes = new CommitOutcome?[group.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = found.TryGetValue(group[i].Row, out var outcome) ? outcome : null;
        }

        return outcomes;
    }

    /// <summary>Finds out whether a transaction was committed, and keeps it from being committed later.</summary>
    /// <returns>Null when the database cannot be asked.</returns>
    private async ValueTask<Decision?> DecideAsync(long lost, long at)
    {
        for (var begun = time.GetTimestamp(); time.GetElapsedTime(begun) < options.DecisionTimeout;)
        {
            try
            {
                var open = await questions.OpenAsync(CancellationToken.None);
                await using var command = new NpgsqlCommand("UPDATE writers SET fenced = true WHERE writer = $1 RETURNING sequence, done", open);
                new ParameterList(command.Parameters).Add(lost);
                Decision? decision = null;
                await using (var reader = await command.ExecuteReaderAsync())
                {
                    if (await reader.ReadAsync())
                    {
                        decision = new Decision(reader.GetInt64(0) == at, [.. reader.GetFieldValue<Guid[]>(1)]);
                    }

                    while (await reader.NextResultAsync())
                    {
                    }
                }

                await questions.DropAsync();
                return decision;
            }
            catch (Exception e) when (PostgresFaults.IsOfTheDatabase(e))
            {
                await questions.DropAsync();
                await Task.Delay(PauseBetweenQuestions, time);
            }
        }

        return null;
    }

    private sealed record Decision(bool Committed, HashSet<Guid> Done);
}
