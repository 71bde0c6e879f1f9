using System.Text.Json;
using Lockstep.Core.Accounts;
using Lockstep.Core.Time;
using Lockstep.Storage.Sqlite.Assignments;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Accounts;

/// <summary>Accounts in the same file as the buckets. The file's only writer runs one job at a time, commits of buckets included.</summary>
public sealed class SqliteAccountStore(SqliteDatabase database) : IAccountStore
{
    private const string Columns = "number, name, password, modified, deleting, since, administrator, disabled";

    // The account as it was read: its number, stamp and hash. The number -1 matches any account.
    private const string Expected = "($1 = -1 OR (number = $1 AND modified = $2 AND password = $3))";

    public ValueTask<Account?> FindAsync(string name, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => Find(statements, name)));

    public ValueTask<IReadOnlyDictionary<string, long>> FindNumbersAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements =>
        {
            var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
            using var reader = statements.Prepare(
                "SELECT name, number FROM accounts WHERE name IN (SELECT value FROM json_each($0)) AND deleting = 0", JsonSerializer.Serialize(names)).ExecuteReader();
            while (reader.Read())
            {
                numbers[reader.GetString(0)] = reader.GetInt64(1);
            }

            return (IReadOnlyDictionary<string, long>)numbers;
        }));

    public ValueTask<Account?> AddAsync(string name, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) =>
        database.WriteAsync(statements => statements.Execute(
            "INSERT INTO accounts (name, password, modified, since) VALUES ($0, $1, $2, $2) ON CONFLICT (name) DO NOTHING",
            name, passwordHash, now.Milliseconds) == 1
            ? Find(statements, name)
            : null);

    public ValueTask<Account?> AddInvitedAsync(string name, string passwordHash, string invitation, ServerTimestamp now, CancellationToken cancellationToken) =>
        database.WriteAsync(statements =>
        {
            if (!InvitationRows.IsFreeFor(statements, invitation, name, now)
                || statements.Execute("INSERT INTO accounts (name, password, modified, since) VALUES ($0, $1, $2, $2) ON CONFLICT (name) DO NOTHING", name, passwordHash, now.Milliseconds) == 0
                || Find(statements, name) is not { } made)
            {
                return null;
            }

            InvitationRows.Spend(statements, invitation, made.Number);
            return made;
        });

    public ValueTask<Account?> ChangePasswordAsync(
        string name, Account? expected, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) =>
        database.WriteAsync(statements => statements.Execute(
            $"UPDATE accounts SET password = $4, modified = max($5, modified + 1) WHERE name = $0 AND deleting = 0 AND {Expected}",
            [name, .. ValuesOf(expected), passwordHash, now.Milliseconds]) == 1
            ? Find(statements, name)
            : null);

    public ValueTask<Account?> BeginDeletionAsync(string name, Account? expected, CancellationToken cancellationToken) =>
        database.WriteAsync(statements => statements.Execute(
            $"UPDATE accounts SET deleting = 1 WHERE name = $0 AND {Expected}", [name, .. ValuesOf(expected)]) == 1
            ? Find(statements, name)
            : null);

    public async ValueTask CloseAsync(long number, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements => statements.Execute("INSERT INTO closed_accounts (number) VALUES ($0) ON CONFLICT (number) DO UPDATE SET disabled = 0", number));

    public ValueTask<Account?> SetDisabledAsync(long number, bool isDisabled, ServerTimestamp now, CancellationToken cancellationToken) =>
        database.WriteAsync(statements =>
        {
            statements.Execute(
                "UPDATE accounts SET disabled = $1, modified = max($2, modified + 1) WHERE number = $0 AND deleting = 0 AND disabled <> $1",
                number, isDisabled ? 1L : 0L, now.Milliseconds);
            var accounts = ReadAll(statements.Prepare($"SELECT {Columns} FROM accounts WHERE number = $0 AND deleting = 0", number));
            return accounts.Count == 0 ? null : accounts[0];
        });

    public async ValueTask SuspendAsync(long number, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements => statements.Execute("INSERT OR IGNORE INTO closed_accounts (number, disabled) VALUES ($0, 1)", number));

    public async ValueTask ResumeAsync(long number, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements => statements.Execute("DELETE FROM closed_accounts WHERE number = $0 AND disabled = 1", number));

    public async ValueTask EndDeletionAsync(Account account, string principal, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements =>
            statements.Execute("DELETE FROM accounts WHERE number = $0 AND deleting = 1", account.Number) == 1
                ? statements.Execute("UPDATE buckets SET author = NULL WHERE author = $0 AND live = 0", principal)
                : 0);

    public ValueTask<IReadOnlyList<Account>> ListAsync(string? after, int limit, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => ReadAll(statements.Prepare(
            $"SELECT {Columns} FROM accounts WHERE name > $0 ORDER BY name LIMIT $1", after ?? "", limit))));

    public ValueTask<IReadOnlyList<Account>> ListBeingDeletedAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => ReadAll(statements.Prepare(
            $"SELECT {Columns} FROM accounts WHERE deleting = 1"))));

    private static object[] ValuesOf(Account? expected) => [expected?.Number ?? -1, expected?.Modified.Milliseconds ?? -1, expected?.PasswordHash ?? ""];

    private static Account? Find(SqliteStatements statements, string name)
    {
        var accounts = ReadAll(statements.Prepare($"SELECT {Columns} FROM accounts WHERE name = $0", name));
        return accounts.Count == 0 ? null : accounts[0];
    }

    private static IReadOnlyList<Account> ReadAll(SqliteCommand command)
    {
        using var reader = command.ExecuteReader();
        var accounts = new List<Account>();
        while (reader.Read())
        {
            accounts.Add(new Account(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), new ServerTimestamp(reader.GetInt64(3)), reader.GetInt64(4) != 0)
            {
                Since = new ServerTimestamp(reader.GetInt64(5)),
                IsAdministrator = reader.GetInt64(6) != 0,
                IsDisabled = reader.GetInt64(7) != 0,
            });
        }

        return accounts;
    }
}
