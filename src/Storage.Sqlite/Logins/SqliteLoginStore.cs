using Lockstep.Core.Accounts;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Lockstep.Storage.Sqlite.Assignments;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Logins;

/// <summary>Logins in the same file as the buckets. The file's only writer runs one job at a time, so what a job reads stays true until it has written.</summary>
public sealed class SqliteLoginStore(SqliteDatabase database) : ILoginStore
{
    private const string Columns =
        "a.number, a.name, a.password, a.modified, a.deleting, a.since, l.name, l.password, l.email, l.quota, l.reset, l.reset_expires, l.revision, a.disabled";

    private const string Joined = "account_logins l JOIN accounts a ON a.number = l.account";

    public ValueTask<AccountLogin?> FindAsync(string name, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => FindOne(statements, "l.name = $0 AND a.deleting = 0", name)));

    public ValueTask<AccountLogin?> FindByNumberAsync(long account, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => FindOne(statements, "l.account = $0", account)));

    public ValueTask<AccountLogin?> AddAsync(AccountLogin login, string? invitation, ServerTimestamp now, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        if (invitation is not null && !InvitationRows.IsFree(statements, invitation, now))
        {
            return null;
        }

        // Gives the login of an account that is gone a name that no user can have, until housekeeping removes it.
        statements.Execute(
            "UPDATE account_logins SET name = ' ' || account WHERE name = $0 AND NOT EXISTS (SELECT 1 FROM accounts WHERE number = account_logins.account)", login.Name);
        if (statements.Scalar("SELECT 1 FROM account_logins WHERE name = $0", login.Name) is not null
            || statements.Scalar(
                "INSERT INTO accounts (name, password, modified, since) VALUES ($0, $1, $2, $2) ON CONFLICT (name) DO NOTHING RETURNING number",
                login.Account.Name, PasswordHash.None, now.Milliseconds) is not long number)
        {
            return null;
        }

        statements.Execute(
            "INSERT INTO account_logins (account, name, password, email, quota, reset, reset_expires) VALUES ($0, $1, $2, $3, $4, $5, $6)",
            [number, login.Name, .. ValuesOf(login)]);
        if (invitation is not null)
        {
            InvitationRows.Spend(statements, invitation, number);
        }

        return FindOne(statements, "l.account = $0", number);
    });

    public ValueTask<AccountLogin?> ChangeAsync(AccountLogin read, AccountLogin next, CancellationToken cancellationToken) => database.WriteAsync(statements =>
        statements.Execute(
            """
            UPDATE account_logins SET password = $2, email = $3, quota = $4, reset = $5, reset_expires = $6, revision = revision + 1
            WHERE account = $0 AND revision = $1 AND EXISTS (SELECT 1 FROM accounts WHERE number = $0 AND deleting = 0)
            """,
            [read.Account.Number, read.Revision, .. ValuesOf(next)]) == 1
            ? FindOne(statements, "l.account = $0", read.Account.Number)
            : null);

    public async ValueTask RemoveAsync(long account, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements => statements.Execute("DELETE FROM account_logins WHERE account = $0", account));

    /// <summary>The values of all columns that change.</summary>
    private static object?[] ValuesOf(AccountLogin login) =>
        [login.PasswordHash, login.Email, login.QuotaBytes, login.ResetDigest, login.ResetExpires.Milliseconds];

    private static AccountLogin? FindOne(SqliteStatements statements, string condition, object value)
    {
        using var reader = statements.Prepare($"SELECT {Columns} FROM {Joined} WHERE {condition}", value).ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }

    private static AccountLogin Read(SqliteDataReader reader) => new(
        new Account(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), new ServerTimestamp(reader.GetInt64(3)), reader.GetInt64(4) != 0)
        {
            Since = new ServerTimestamp(reader.GetInt64(5)),
            IsDisabled = reader.GetInt64(13) != 0,
        },
        reader.GetString(6),
        reader.GetString(7))
    {
        Email = reader.GetString(8),
        QuotaBytes = reader.IsDBNull(9) ? null : reader.GetInt64(9),
        ResetDigest = reader.IsDBNull(10) ? null : reader.GetString(10),
        ResetExpires = new ServerTimestamp(reader.GetInt64(11)),
        Revision = reader.GetInt64(12),
    };
}
