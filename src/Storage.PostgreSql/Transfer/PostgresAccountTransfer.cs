using Lockstep.Core.Assignments;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Storage;
using Lockstep.Core.Transfer;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Transfer;

/// <summary>Reads the data of accounts from the home database, and imports such data into it. Rows that are held back have the negative number of their account.</summary>
/// <param name="database">The home database.</param>
internal sealed class PostgresAccountTransfer(PostgresDatabase database) : IAccountTransfer
{
    private const string Held = IAccountTransfer.Held;

    private static readonly string[] Tables = [.. KeyedAccountTables.All.Where(static one => one.Columns.Contains("account", StringComparer.Ordinal)).Select(static one => one.Table)];

    private static readonly string Clear = string.Concat(Tables.Select(static table => $", {table}_gone AS (DELETE FROM {table} t USING held h WHERE t.account = -h.number)"));

    public async ValueTask<IReadOnlyList<object?[]>> ReadAsync(string table, IReadOnlyList<string> columns, long account, CancellationToken cancellationToken) => await QueryAsync(
        $"SELECT {Names(columns)} FROM {table} WHERE account = $1 ORDER BY 1",
        static reader => Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i) is int small ? (long)small : reader.GetValue(i)).ToArray(),
        repeatable: true,
        cancellationToken,
        account);

    public async ValueTask<IAsyncDisposable?> TryLockAsync(CancellationToken cancellationToken) => await ImportLock.TryTakeAsync(database, cancellationToken);

    public ValueTask<IReadOnlyDictionary<string, long>> HoldAccountsAsync(IReadOnlyList<HeldAccount> accounts, CancellationToken cancellationToken) => UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(
                $"""
                WITH held AS (
                    INSERT INTO accounts (name, password, modified, since, disabled)
                    SELECT name, '{Held}' || password, modified, since, disabled FROM unnest($1, $2, $3, $4, $5) AS given (name, password, modified, since, disabled)
                    ON CONFLICT (name) DO UPDATE SET password = excluded.password, modified = excluded.modified, since = excluded.since, disabled = excluded.disabled
                    WHERE accounts.password LIKE '{Held}%' RETURNING number, name
                ){Clear}
                SELECT name, number FROM held
                """, connection);
            var parameters = new ParameterList(command.Parameters);
            parameters.AddText(accounts, static account => account.Name);
            parameters.AddText(accounts, static account => account.PasswordHash);
            parameters.Add(accounts, static account => account.Modified.Milliseconds);
            parameters.Add(accounts, static account => account.Since.Milliseconds);
            parameters.Add(accounts, static account => account.IsDisabled);
            var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                numbers[reader.GetString(0)] = reader.GetInt64(1);
            }

            return (IReadOnlyDictionary<string, long>)numbers;
        },
        repeatable: true,
        cancellationToken);

    public ValueTask<int?> AddAsync(IReadOnlyList<HeldRow> rows, CancellationToken cancellationToken) => UseAsync(
        async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var batch = new NpgsqlBatch(connection);
            foreach (var row in rows)
            {
                var values = string.Join(", ", row.Columns.Select(static (_, i) => FormattableString.Invariant($"${i + 1}")));
                Add(batch, $"INSERT INTO {row.Table} ({Names(row.Columns)}) VALUES ({values}) ON CONFLICT DO NOTHING", [.. row.Columns.Select((column, i) => column == "account" ? -row.Account : row.Values[i])]);
            }

            await batch.ExecuteNonQueryAsync(cancellationToken);
            for (var i = 0; i < rows.Count; i++)
            {
                if (batch.BatchCommands[i].RecordsAffected != 1)
                {
                    // Disposing of the transaction undoes the other rows.
                    return (int?)i;
                }
            }

            await transaction.CommitAsync(cancellationToken);
            return null;
        },
        repeatable: false,
        cancellationToken);

    public ValueTask<IReadOnlyList<long?>> HoldStoresAsync(IReadOnlyList<Assignment> stores, CancellationToken cancellationToken) => UseAsync(
        async connection =>
        {
            // A batch is one transaction.
            await using var batch = new NpgsqlBatch(connection);
            foreach (var store in stores)
            {
                Add(
                    batch,
                    $"""
                    WITH known AS (
                        UPDATE assignments SET generation = $3, fingerprint = $4, keys_changed = $5, quota = $6::bigint, created = $7
                        WHERE issuer = '{Held}' || $1::text AND subject = $2 AND NOT EXISTS (SELECT FROM assignments a WHERE a.issuer = $1 AND a.subject = $2) RETURNING number
                    ), made AS (
                        INSERT INTO assignments (number, issuer, subject, generation, fingerprint, keys_changed, node, created, quota)
                        SELECT next_account_number(), '{Held}' || $1::text, $2, $3, $4, $5, 0, $7, $6::bigint
                        WHERE NOT EXISTS (SELECT FROM assignments a WHERE a.issuer IN ($1, '{Held}' || $1::text) AND a.subject = $2) RETURNING number
                    )
                    SELECT number FROM known UNION ALL SELECT number FROM made
                    """,
                    store.User.Issuer, store.User.Subject, store.Keys.Generation, store.Keys.Fingerprint, store.Keys.KeysChangedAt, store.QuotaBytes, store.Created.Milliseconds);
            }

            var numbers = new List<long?>();
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            do
            {
                numbers.Add(await reader.ReadAsync(cancellationToken) ? reader.GetInt64(0) : null);
            }
            while (await reader.NextResultAsync(cancellationToken));
            return (IReadOnlyList<long?>)numbers;
        },
        repeatable: false,
        cancellationToken);

    public async ValueTask<IReadOnlyDictionary<string, long>> FindHeldAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) => (await QueryAsync(
        $"SELECT name, number FROM accounts WHERE name = ANY ($1) AND password LIKE '{Held}%'",
        static reader => (Name: reader.GetString(0), Number: reader.GetInt64(1)),
        repeatable: true,
        cancellationToken,
        (object)names.ToArray())).ToDictionary(static one => one.Name, static one => one.Number, StringComparer.Ordinal);

    public async ValueTask<long?> FindHeldAsync(UserIdentity user, CancellationToken cancellationToken) => First(await QueryAsync(
        $"SELECT number FROM assignments WHERE issuer = '{Held}' || $1::text AND subject = $2",
        static reader => reader.GetInt64(0),
        repeatable: true,
        cancellationToken,
        user.Issuer, user.Subject));

    public async ValueTask<bool> HasHeldAsync(CancellationToken cancellationToken) => await AllAsync(
        $"SELECT EXISTS (SELECT FROM accounts WHERE password LIKE '{Held}%') OR EXISTS (SELECT FROM assignments WHERE issuer LIKE '{Held}%')",
        static reader => reader.GetBoolean(0),
        cancellationToken);

    public async ValueTask<(long Accounts, long Stores)> CountHeldAsync(CancellationToken cancellationToken) => await AllAsync(
        $"SELECT (SELECT count(*) FROM accounts WHERE password LIKE '{Held}%'), (SELECT count(*) FROM assignments WHERE issuer LIKE '{Held}%')",
        static reader => (reader.GetInt64(0), reader.GetInt64(1)),
        cancellationToken);

    public async ValueTask DropAsync(CancellationToken cancellationToken) => await AllAsync(
        string.Join(
            ", ",
            [
                $"WITH gone AS (DELETE FROM accounts WHERE password LIKE '{Held}%')",
                $"taken AS (DELETE FROM assignments WHERE issuer LIKE '{Held}%')",
                .. Tables.Select(static table => $"{table}_gone AS (DELETE FROM {table} WHERE account < 0)"),
            ]) + " SELECT 1",
        static reader => reader.GetInt32(0),
        cancellationToken);

    public async ValueTask OpenAsync(CancellationToken cancellationToken) => await AllAsync(
        string.Join(
            ", ",
            [
                $"WITH opened AS (UPDATE accounts SET password = substr(password, {Held.Length + 1}) WHERE password LIKE '{Held}%')",
                $"given AS (UPDATE assignments SET issuer = substr(issuer, {Held.Length + 1}) WHERE issuer LIKE '{Held}%')",
                .. Tables.Select(static table => $"{table}_opened AS (UPDATE {table} SET account = -account WHERE account < 0)"),
            ]) + " SELECT 1",
        static reader => reader.GetInt32(0),
        cancellationToken);

    public async ValueTask OpenAsync(UserIdentity user, CancellationToken cancellationToken) => await QueryAsync(
        $"UPDATE assignments SET issuer = $1 WHERE issuer = '{Held}' || $1::text AND subject = $2 RETURNING 1",
        static reader => reader.GetInt32(0),
        repeatable: true,
        cancellationToken,
        user.Issuer, user.Subject);

    /// <summary>Runs a statement that goes through all accounts and returns one row. It may take any time.</summary>
    private ValueTask<T> AllAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) => UseAsync(
        async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var patience = new NpgsqlCommand($"{PostgresConnections.WithoutTimeouts}; SET LOCAL enable_seqscan = on", connection);
            await patience.ExecuteNonQueryAsync(cancellationToken);
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            T result;
            await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
            {
                await reader.ReadAsync(cancellationToken);
                result = read(reader);
            }

            await transaction.CommitAsync(cancellationToken);
            return result;
        },
        repeatable: true,
        cancellationToken);

    private ValueTask<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read, bool repeatable, CancellationToken cancellationToken, params object?[] values) => UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            Add(command.Parameters, values);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(read(reader));
            }

            return rows;
        },
        repeatable,
        cancellationToken);

    private ValueTask<T> UseAsync<T>(Func<NpgsqlConnection, Task<T>> run, bool repeatable, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            try
            {
                return await run(connection);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                throw new StoreUnavailableException($"Somebody has taken what was to be imported: {e.ConstraintName}.", e);
            }
        },
        repeatable,
        cancellationToken);

    private static void Add(NpgsqlBatch batch, string sql, params object?[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        Add(command.Parameters, values);
        batch.BatchCommands.Add(command);
    }

    private static void Add(NpgsqlParameterCollection to, object?[] values)
    {
        var parameters = new ParameterList(to);
        foreach (var value in values)
        {
            switch (value)
            {
                case null:
                    to.Add(new NpgsqlParameter { Value = DBNull.Value });
                    break;
                case string text:
                    parameters.AddText(text);
                    break;
                default:
                    to.Add(new NpgsqlParameter { Value = value });
                    break;
            }
        }
    }

    private static T? First<T>(List<T> rows)
        where T : struct => rows.Count == 0 ? null : rows[0];

    private static string Names(IReadOnlyList<string> columns) => string.Join(", ", columns.Select(static column => column.TrimStart('?')));
}
