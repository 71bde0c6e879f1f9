using Lockstep.Core.Quotas;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Quotas;

/// <summary>Quotas, in the home database. Writes lock the row of the last change first, in a transaction of one batch.</summary>
/// <param name="database">The home database.</param>
public sealed class PostgresQuotaStore(PostgresDatabase database) : IQuotaStore
{
    private const string Columns = "subject, bytes, records, modified";
    private const string Next = "SELECT greatest(modified + 1, $1) AS stamp FROM quotas WHERE subject = ''";

    public ValueTask<ServerTimestamp> StampAsync(CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand("SELECT modified FROM quotas WHERE subject = ''", connection);
            return new ServerTimestamp((long)(await command.ExecuteScalarAsync(cancellationToken))!);
        },
        repeatable: true,
        cancellationToken);

    public ValueTask<QuotaList> ListAsync(CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            // The empty subject sorts first, and one statement sees one moment.
            await using var command = new NpgsqlCommand($"SELECT {Columns} FROM quotas ORDER BY subject", connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            var stamp = new ServerTimestamp(reader.GetInt64(3));
            var quotas = new List<Quota>();
            while (await reader.ReadAsync(cancellationToken))
            {
                quotas.Add(Read(reader));
            }

            return new QuotaList(stamp, quotas);
        },
        repeatable: true,
        cancellationToken);

    public ValueTask<Quota?> FindAsync(QuotaSubject subject, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand($"SELECT {Columns} FROM quotas WHERE subject = $1", connection);
            new ParameterList(command.Parameters).AddText(subject.Text);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
        },
        repeatable: true,
        cancellationToken);

    public ValueTask<(QuotaChange Change, Quota? Stored)> PutAsync(Quota quota, Quota? read, int most, ServerTimestamp now, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var batch = Locked(connection);
            Add(batch, "SELECT count(*) - 1 FROM quotas", static _ => { });
            Add(
                batch,
                $"""
                WITH s AS ({Next}), changed AS (
                    UPDATE quotas SET bytes = $3, records = $4, modified = s.stamp FROM s WHERE subject = $2 AND quotas.modified = $5 RETURNING quotas.*
                ), added AS (
                    INSERT INTO quotas ({Columns})
                    SELECT $2, $3, $4, s.stamp FROM s
                    WHERE $5 = 0 AND NOT EXISTS (SELECT FROM quotas WHERE subject = $2) AND (SELECT count(*) - 1 FROM quotas) < $6 RETURNING *
                ), put AS (SELECT {Columns} FROM changed UNION ALL SELECT {Columns} FROM added),
                noted AS (UPDATE quotas SET modified = put.modified FROM put WHERE quotas.subject = '')
                SELECT {Columns} FROM put
                """,
                parameters =>
                {
                    parameters.Add(now.Milliseconds);
                    parameters.AddText(quota.Subject.Text);
                    parameters.AddNumber(quota.Bytes);
                    parameters.AddNumber(quota.Records);
                    parameters.Add(read?.Modified.Milliseconds ?? 0);
                    parameters.Add((long)most);
                });
            await using var reader = await ExecuteAsync(batch, cancellationToken);
            await reader.ReadAsync(cancellationToken);
            var isFull = read is null && reader.GetInt64(0) >= most;
            await reader.NextResultAsync(cancellationToken);
            return await reader.ReadAsync(cancellationToken) ? (QuotaChange.Done, Read(reader)) : (isFull ? QuotaChange.Full : QuotaChange.ReadAgain, (Quota?)null);
        },
        repeatable: false,
        cancellationToken);

    public ValueTask<ServerTimestamp?> RemoveAsync(Quota read, ServerTimestamp now, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var batch = Locked(connection);
            Add(
                batch,
                $"""
                WITH s AS ({Next}), removed AS (DELETE FROM quotas WHERE subject = $2 AND modified = $3 RETURNING 1)
                UPDATE quotas SET modified = s.stamp FROM s, removed WHERE subject = '' RETURNING quotas.modified
                """,
                parameters =>
                {
                    parameters.Add(now.Milliseconds);
                    parameters.AddText(read.Subject.Text);
                    parameters.Add(read.Modified.Milliseconds);
                });
            await using var reader = await ExecuteAsync(batch, cancellationToken);
            return await reader.ReadAsync(cancellationToken) ? new ServerTimestamp(reader.GetInt64(0)) : (ServerTimestamp?)null;
        },
        repeatable: false,
        cancellationToken);

    /// <summary>A batch that keeps others from changing a quota after its second statement.</summary>
    private NpgsqlBatch Locked(NpgsqlConnection connection)
    {
        var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(database.LockTimeoutCommand());
        Add(batch, "SELECT 1 FROM quotas WHERE subject = '' FOR UPDATE", static _ => { });
        return batch;
    }

    /// <summary>Runs a batch.</summary>
    /// <returns>A reader after the results of the locking statements.</returns>
    private static async Task<NpgsqlDataReader> ExecuteAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        return reader;
    }

    private static void Add(NpgsqlBatch batch, string sql, Action<ParameterList> bind)
    {
        var command = new NpgsqlBatchCommand(sql);
        bind(new ParameterList(command.Parameters));
        batch.BatchCommands.Add(command);
    }

    private static Quota Read(NpgsqlDataReader reader) => new(
        QuotaSubject.Parse(reader.GetString(0)) ?? throw new InvalidDataException($"The table quotas has '{reader.GetString(0)}', which is about nothing."),
        reader.IsDBNull(1) ? null : reader.GetInt64(1),
        reader.IsDBNull(2) ? null : reader.GetInt64(2))
    {
        Modified = new ServerTimestamp(reader.GetInt64(3)),
    };
}
