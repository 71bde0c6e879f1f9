using Lockstep.Core.Assignments;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Transfer;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Transfer;

/// <summary>What belongs to accounts in the home database, and what is taken over into it. Rows that are held back have the negative number of their account.</summary>
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

    public async ValueTask<long?> HoldAccountAsync(string name, string passwordHash, ServerTimestamp modified, ServerTimestamp since, bool isDisabled, CancellationToken cancellationToken) => First(await QueryAsync(
        $"""
        WITH held AS (
            INSERT INTO accounts (name, password, modified, since, disabled) VALUES ($1, '{Held}' || $2::text, $3, $4, $5)
            ON CONFLICT (name) DO UPDATE SET password = excluded.password, modified = excluded.modified, since = excluded.since, disabled = excluded.disabled
            WHERE accounts.password LIKE '{Held}%' RETURNING number
        ){Clear}
        SELECT number FROM held
        """,
        static reader => reader.GetInt64(0),
        repeatable: true,
        cancellationToken,
        name, passwordHash, modified.Milliseconds, since.Milliseconds, isDisabled));

    public async ValueTask<bool> AddAsync(string table, IReadOnlyList<string> columns, long account, IReadOnlyList<object?> row, CancellationToken cancellationToken) => (await QueryAsync(
        $"INSERT INTO {table} ({Names(columns)}) VALUES ({string.Join(", ", columns.Select(static (_, i) => FormattableString.Invariant($"${i + 1}")))}) ON CONFLICT DO NOTHING RETURNING 1",
        static reader => reader.GetInt32(0),
        repeatable: false,
        cancellationToken,
        [.. columns.Select((column, i) => column == "account" ? -account : row[i])])).Count == 1;

    public async ValueTask<long?> HoldStoreAsync(Assignment store, CancellationToken cancellationToken) => First(await QueryAsync(
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
        static reader => reader.GetInt64(0),
        repeatable: false,
        cancellationToken,
        store.User.Issuer, store.User.Subject, store.Keys.Generation, store.Keys.Fingerprint, store.Keys.KeysChangedAt, store.QuotaBytes, store.Created.Milliseconds));

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

    public async ValueTask<bool> HasHeldAsync(CancellationToken cancellationToken) => (await QueryAsync(
        $"SELECT 1 WHERE EXISTS (SELECT FROM accounts WHERE password LIKE '{Held}%') OR EXISTS (SELECT FROM assignments WHERE issuer LIKE '{Held}%')",
        static reader => reader.GetInt32(0),
        repeatable: true,
        cancellationToken)).Count > 0;

    public async ValueTask<(long Accounts, long Stores)> CountHeldAsync(CancellationToken cancellationToken) => (await QueryAsync(
        $"SELECT (SELECT count(*) FROM accounts WHERE password LIKE '{Held}%'), (SELECT count(*) FROM assignments WHERE issuer LIKE '{Held}%')",
        static reader => (reader.GetInt64(0), reader.GetInt64(1)),
        repeatable: true,
        cancellationToken))[0];

    public async ValueTask DropAsync(CancellationToken cancellationToken) => await QueryAsync(
        string.Join(
            ", ",
            [
                $"WITH gone AS (DELETE FROM accounts WHERE password LIKE '{Held}%')",
                $"taken AS (DELETE FROM assignments WHERE issuer LIKE '{Held}%')",
                .. Tables.Select(static table => $"{table}_gone AS (DELETE FROM {table} WHERE account < 0)"),
            ]) + " SELECT 1",
        static reader => reader.GetInt32(0),
        repeatable: true,
        cancellationToken);

    public async ValueTask OpenAsync(CancellationToken cancellationToken) => await QueryAsync(
        string.Join(
            ", ",
            [
                $"WITH opened AS (UPDATE accounts SET password = substr(password, {Held.Length + 1}) WHERE password LIKE '{Held}%')",
                $"given AS (UPDATE assignments SET issuer = substr(issuer, {Held.Length + 1}) WHERE issuer LIKE '{Held}%')",
                .. Tables.Select(static table => $"{table}_opened AS (UPDATE {table} SET account = -account WHERE account < 0)"),
            ]) + " SELECT 1",
        static reader => reader.GetInt32(0),
        repeatable: true,
        cancellationToken);

    public async ValueTask OpenAsync(UserIdentity user, CancellationToken cancellationToken) => await QueryAsync(
        $"UPDATE assignments SET issuer = $1 WHERE issuer = '{Held}' || $1::text AND subject = $2 RETURNING 1",
        static reader => reader.GetInt32(0),
        repeatable: true,
        cancellationToken,
        user.Issuer, user.Subject);

    private ValueTask<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read, bool repeatable, CancellationToken cancellationToken, params object?[] values) => database.UseAsync(
        async connection =>
        {
            try
            {
                await using var command = new NpgsqlCommand(sql, connection);
                var parameters = new ParameterList(command.Parameters);
                foreach (var value in values)
                {
                    switch (value)
                    {
                        case null:
                            command.Parameters.Add(new NpgsqlParameter { Value = DBNull.Value });
                            break;
                        case string text:
                            parameters.AddText(text);
                            break;
                        default:
                            command.Parameters.Add(new NpgsqlParameter { Value = value });
                            break;
                    }
                }

                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                var rows = new List<T>();
                while (await reader.ReadAsync(cancellationToken))
                {
                    rows.Add(read(reader));
                }

                return rows;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                throw new StoreUnavailableException($"Somebody has taken what was to be imported: {e.ConstraintName}.", e);
            }
        },
        repeatable,
        cancellationToken);

    private static T? First<T>(List<T> rows)
        where T : struct => rows.Count == 0 ? null : rows[0];

    private static string Names(IReadOnlyList<string> columns) => string.Join(", ", columns.Select(static column => column.TrimStart('?')));
}
