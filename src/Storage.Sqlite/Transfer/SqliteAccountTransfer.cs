using System.Text.Json;
using Lockstep.Core.Assignments;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Transfer;
using Lockstep.Storage.Sqlite.Assignments;

namespace Lockstep.Storage.Sqlite.Transfer;

/// <summary>Reads the data of accounts from a SQLite file, and imports such data into it. Rows that are held back have the negative number of their account.</summary>
public sealed class SqliteAccountTransfer(SqliteDatabase database) : IAccountTransfer
{
    private const string Held = IAccountTransfer.Held;

    private static readonly string[] Tables = [.. KeyedAccountTables.All.Where(static one => one.Columns.Contains("account", StringComparer.Ordinal)).Select(static one => one.Table)];

    private static readonly string[] Clear = [.. Tables.Select(static table => $"DELETE FROM {table} WHERE account = $0")];

    public ValueTask<IReadOnlyList<object?[]>> ReadAsync(string table, IReadOnlyList<string> columns, long account, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements =>
        {
            var rows = new List<object?[]>();
            using var reader = statements.Prepare($"SELECT {Names(columns)} FROM {table} WHERE account = $0 ORDER BY 1", account).ExecuteReader();
            while (reader.Read())
            {
                rows.Add([.. columns.Select((column, i) => reader.IsDBNull(i) ? null : column[0] == '?' ? reader.GetInt64(i) != 0 : reader.GetValue(i))]);
            }

            return (IReadOnlyList<object?[]>)rows;
        }));

    public ValueTask<IAsyncDisposable?> TryLockAsync(CancellationToken cancellationToken) => ValueTask.FromResult<IAsyncDisposable?>(OfTheFile.Lock);

    public ValueTask<IReadOnlyDictionary<string, long>> HoldAccountsAsync(IReadOnlyList<HeldAccount> accounts, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var account in accounts)
        {
            if (statements.Scalar(
                $"""
                INSERT INTO accounts (name, password, modified, since, disabled) VALUES ($0, '{Held}' || $1, $2, $3, $4)
                ON CONFLICT (name) DO UPDATE SET password = excluded.password, modified = excluded.modified, since = excluded.since, disabled = excluded.disabled
                WHERE accounts.password LIKE '{Held}%' RETURNING number
                """, account.Name, account.PasswordHash, account.Modified.Milliseconds, account.Since.Milliseconds, account.IsDisabled ? 1L : 0L) is not long number)
            {
                continue;
            }

            numbers[account.Name] = number;
            foreach (var delete in Clear)
            {
                statements.Execute(delete, -number);
            }
        }

        return (IReadOnlyDictionary<string, long>)numbers;
    });

    public ValueTask<int?> AddAsync(IReadOnlyList<HeldRow> rows, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        statements.Execute("SAVEPOINT rows");
        int? taken = null;
        for (var i = 0; i < rows.Count && taken is null; i++)
        {
            if (statements.Execute(Insert(rows[i]), Values(rows[i])) != 1)
            {
                statements.Execute("ROLLBACK TO rows");
                taken = i;
            }
        }

        statements.Execute("RELEASE rows");
        return taken;
    });

    public ValueTask<IReadOnlyList<long?>> HoldStoresAsync(IReadOnlyList<Assignment> stores, CancellationToken cancellationToken) =>
        database.WriteAsync(statements => (IReadOnlyList<long?>)[.. stores.Select(store => Hold(statements, store))]);

    public ValueTask<IReadOnlyDictionary<string, long>> FindHeldAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements =>
        {
            var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
            using var reader = statements.Prepare(
                $"SELECT name, number FROM accounts WHERE name IN (SELECT value FROM json_each($0)) AND password LIKE '{Held}%'", JsonSerializer.Serialize(names)).ExecuteReader();
            while (reader.Read())
            {
                numbers[reader.GetString(0)] = reader.GetInt64(1);
            }

            return (IReadOnlyDictionary<string, long>)numbers;
        }));

    public ValueTask<long?> FindHeldAsync(UserIdentity user, CancellationToken cancellationToken) => ValueTask.FromResult(database.Read(statements =>
        statements.Scalar($"SELECT number FROM assignments WHERE issuer = '{Held}' || $0 AND subject = $1", user.Issuer, user.Subject) as long?));

    public ValueTask<bool> HasHeldAsync(CancellationToken cancellationToken) => ValueTask.FromResult(database.Read(static statements => statements.Scalar(
        $"SELECT 1 FROM accounts WHERE password LIKE '{Held}%' UNION ALL SELECT 1 FROM assignments WHERE issuer LIKE '{Held}%' LIMIT 1") is not null));

    public ValueTask<(long Accounts, long Stores)> CountHeldAsync(CancellationToken cancellationToken) => ValueTask.FromResult(database.Read(static statements => (
        (long)statements.Scalar($"SELECT count(*) FROM accounts WHERE password LIKE '{Held}%'")!,
        (long)statements.Scalar($"SELECT count(*) FROM assignments WHERE issuer LIKE '{Held}%'")!)));

    public async ValueTask DropAsync(CancellationToken cancellationToken) => await database.WriteAsync(static statements =>
    {
        foreach (var table in Tables)
        {
            statements.Execute($"DELETE FROM {table} WHERE account < 0");
        }

        statements.Execute($"DELETE FROM assignments WHERE issuer LIKE '{Held}%'");
        return statements.Execute($"DELETE FROM accounts WHERE password LIKE '{Held}%'");
    });

    public async ValueTask OpenAsync(CancellationToken cancellationToken) => await database.WriteAsync(static statements =>
    {
        foreach (var table in Tables)
        {
            statements.Execute($"UPDATE {table} SET account = -account WHERE account < 0");
        }

        statements.Execute($"UPDATE assignments SET issuer = substr(issuer, {Held.Length + 1}) WHERE issuer LIKE '{Held}%'");
        return statements.Execute($"UPDATE accounts SET password = substr(password, {Held.Length + 1}) WHERE password LIKE '{Held}%'");
    });

    public async ValueTask OpenAsync(UserIdentity user, CancellationToken cancellationToken) => await database.WriteAsync(statements =>
        statements.Execute($"UPDATE assignments SET issuer = $0 WHERE issuer = '{Held}' || $0 AND subject = $1", user.Issuer, user.Subject));

    private static long? Hold(SqliteStatements statements, Assignment store)
    {
        var (user, keys) = (store.User, store.Keys);
        if (statements.Scalar("SELECT 1 FROM assignments WHERE issuer = $0 AND subject = $1", user.Issuer, user.Subject) is not null)
        {
            return null;
        }

        return statements.Scalar(
            $"""
            UPDATE assignments SET generation = $2, fingerprint = $3, keys_changed = $4, quota = $5, created = $6
            WHERE issuer = '{Held}' || $0 AND subject = $1 RETURNING number
            """, user.Issuer, user.Subject, keys.Generation, keys.Fingerprint, keys.KeysChangedAt, store.QuotaBytes, store.Created.Milliseconds) as long?
            ?? (long)statements.Scalar(
                $"""
                INSERT INTO assignments (number, issuer, subject, generation, fingerprint, keys_changed, node, created, quota)
                VALUES ($0, '{Held}' || $1, $2, $3, $4, $5, 0, $6, $7) RETURNING number
                """, SqliteAssignmentStore.NextNumber(statements), user.Issuer, user.Subject, keys.Generation, keys.Fingerprint, keys.KeysChangedAt, store.Created.Milliseconds, store.QuotaBytes)!;
    }

    private static string Insert(HeldRow row) =>
        $"INSERT INTO {row.Table} ({Names(row.Columns)}) VALUES ({string.Join(", ", row.Columns.Select(static (_, i) => FormattableString.Invariant($"${i}")))}) ON CONFLICT DO NOTHING";

    private static object?[] Values(HeldRow row) =>
        [.. row.Columns.Select((column, i) => column == "account" ? -row.Account : row.Values[i] is bool flag ? flag ? 1L : 0L : row.Values[i])];

    private static string Names(IReadOnlyList<string> columns) => string.Join(", ", columns.Select(static column => column.TrimStart('?')));

    /// <summary>An import already holds the data directory, so no second one can start.</summary>
    private sealed class OfTheFile : IAsyncDisposable
    {
        public static readonly OfTheFile Lock = new();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
