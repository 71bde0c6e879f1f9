using Lockstep.Core.Accounts;
using Lockstep.Core.Sessions;
using Lockstep.Core.Time;

namespace Lockstep.Storage.Sqlite.Sessions;

/// <summary>Sessions in the same file as the accounts.</summary>
public sealed class SqliteSessionStore(SqliteDatabase database) : ISessionStore
{
    public async ValueTask AddAsync(AccountSession session, int most, CancellationToken cancellationToken) => await database.WriteAsync(statements =>
    {
        statements.Execute(
            "INSERT INTO account_sessions (digest, account, mark, created, expires) VALUES ($0, $1, $2, $3, $4)",
            session.Digest, session.Account.Number, session.Mark, session.Created.Milliseconds, session.Expires.Milliseconds);
        return statements.Execute(
            """
            DELETE FROM account_sessions WHERE account = $0 AND digest NOT IN (
                SELECT digest FROM account_sessions WHERE account = $0 ORDER BY digest <> $2, created DESC LIMIT $1)
            """,
            session.Account.Number, most, session.Digest);
    });

    public ValueTask<AccountSession?> FindAsync(string digest, ServerTimestamp now, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements =>
        {
            using var reader = statements.Prepare(
                """
                SELECT a.number, a.name, a.password, a.modified, a.since, a.administrator, s.mark, s.created, s.expires
                FROM account_sessions s JOIN accounts a ON a.number = s.account WHERE s.digest = $0 AND s.expires > $1 AND a.deleting = 0 AND a.disabled = 0
                """,
                digest, now.Milliseconds).ExecuteReader();
            return reader.Read()
                ? new AccountSession(
                    digest,
                    new Account(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), new ServerTimestamp(reader.GetInt64(3)), IsBeingDeleted: false)
                    {
                        Since = new ServerTimestamp(reader.GetInt64(4)),
                        IsAdministrator = reader.GetInt64(5) != 0,
                    },
                    reader.GetString(6),
                    new ServerTimestamp(reader.GetInt64(7)),
                    new ServerTimestamp(reader.GetInt64(8)))
                : null;
        }));

    public async ValueTask RemoveAsync(string digest, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements => statements.Execute("DELETE FROM account_sessions WHERE digest = $0", digest));

    public async ValueTask RemoveAllAsync(long account, string? except, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements => statements.Execute("DELETE FROM account_sessions WHERE account = $0 AND digest <> $1", account, except ?? ""));

    public ValueTask<bool> PurgeAsync(ServerTimestamp now, int limit, CancellationToken cancellationToken) => database.WriteAsync(statements => statements.Execute(
        "DELETE FROM account_sessions WHERE digest IN (SELECT digest FROM account_sessions WHERE expires <= $0 ORDER BY expires LIMIT $1)", now.Milliseconds, limit) == limit);
}
