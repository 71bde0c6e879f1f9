using Lockstep.Core.Accounts;
using Lockstep.Core.Time;

namespace Lockstep.Storage.Sqlite.Accounts;

/// <summary>Administrators in the same file as the accounts. The file's only writer runs one job at a time.</summary>
public sealed class SqliteAdministratorStore(SqliteDatabase database) : IAdministratorStore
{
    private const string IsValid = "SELECT 1 FROM administrator_links WHERE digest = $0 AND expires > $1";

    public ValueTask<bool> AnyAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(static statements => statements.Scalar("SELECT 1 FROM accounts WHERE administrator = 1 AND deleting = 0 LIMIT 1") is not null));

    public async ValueTask AddLinkAsync(string digest, ServerTimestamp now, ServerTimestamp expires, int most, CancellationToken cancellationToken) => await database.WriteAsync(statements =>
    {
        statements.Execute("INSERT INTO administrator_links (digest, created, expires) VALUES ($0, $1, $2)", digest, now.Milliseconds, expires.Milliseconds);
        return statements.Execute(
            "DELETE FROM administrator_links WHERE expires <= $0 OR digest NOT IN (SELECT digest FROM administrator_links ORDER BY digest <> $2, created DESC LIMIT $1)",
            now.Milliseconds, most, digest);
    });

    public ValueTask<bool> HasLinkAsync(string digest, ServerTimestamp now, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => statements.Scalar(IsValid, digest, now.Milliseconds) is not null));

    public ValueTask<Account?> UseLinkAsync(string digest, string name, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        if (statements.Scalar(IsValid, digest, now.Milliseconds) is null
            || statements.Scalar(
                "INSERT INTO accounts (name, password, modified, since, administrator) VALUES ($0, $1, $2, $2, 1) ON CONFLICT (name) DO NOTHING RETURNING number",
                name, passwordHash, now.Milliseconds) is not long number)
        {
            return null;
        }

        statements.Execute("DELETE FROM administrator_links");
        return new Account(number, name, passwordHash, now, IsBeingDeleted: false) { Since = now, IsAdministrator = true };
    });
}
