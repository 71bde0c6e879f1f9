using Lockstep.Core.Accounts;
using Lockstep.Core.Time;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Accounts;

/// <summary>Accounts in the same file as the buckets.</summary>
public sealed class SqliteAccountStore(SqliteDatabase database) : IAccountStore
{
    private const string Columns = "number, name, password, modified, deleting";
    private const long AnyStamp = -1;

    public ValueTask<Account?> FindAsync(string name, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => Find(statements, name)));

    /// <remarks>Holds nothing: the data directory has one server, whose <c>AccountDirectory</c> takes names one at a time.</remarks>
    public ValueTask<IAsyncDisposable> LockNameAsync(string name, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IAsyncDisposable>(NothingHeld.Instance);

    public ValueTask<Account?> AddAsync(string name, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) =>
        database.WriteAsync(statements => statements.Execute(
            "INSERT INTO accounts (name, password, modified) VALUES ($0, $1, $2) ON CONFLICT (name) DO NOTHING",
            name, passwordHash, now.Milliseconds) == 1
            ? Find(statements, name)
            : null);

    public ValueTask<Account?> ChangePasswordAsync(
        string name, ServerTimestamp? expected, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) =>
        database.WriteAsync(statements => statements.Execute(
            "UPDATE accounts SET password = $1, modified = max($2, modified + 1) WHERE name = $0 AND deleting = 0 AND $3 IN (-1, modified)",
            name, passwordHash, now.Milliseconds, expected?.Milliseconds ?? AnyStamp) == 1
            ? Find(statements, name)
            : null);

    public ValueTask<bool> BeginDeletionAsync(string name, ServerTimestamp? expected, CancellationToken cancellationToken) =>
        database.WriteAsync(statements => statements.Execute(
            "UPDATE accounts SET deleting = 1 WHERE name = $0 AND $1 IN (-1, modified)", name, expected?.Milliseconds ?? AnyStamp) == 1);

    public async ValueTask EndDeletionAsync(string name, string principal, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements =>
            statements.Execute("UPDATE buckets SET author = NULL WHERE author = $0 AND live = 0", principal)
            + statements.Execute("DELETE FROM accounts WHERE name = $0 AND deleting = 1", name));

    public ValueTask<IReadOnlyList<Account>> ListAsync(string? after, int limit, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => ReadAll(statements.Prepare(
            $"SELECT {Columns} FROM accounts WHERE name > $0 ORDER BY name LIMIT $1", after ?? "", limit))));

    public ValueTask<IReadOnlyList<Account>> ListBeingDeletedAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => ReadAll(statements.Prepare(
            $"SELECT {Columns} FROM accounts WHERE deleting = 1"))));

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
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), new ServerTimestamp(reader.GetInt64(3)), reader.GetInt64(4) != 0));
        }

        return accounts;
    }
}
