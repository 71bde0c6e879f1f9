using Lockstep.Core.Accounts;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Assignments;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Logins;

/// <summary>Logins, in the home database. Writes lock the account's row or its name first, in a transaction of one batch.</summary>
/// <param name="database">The home database.</param>
public sealed class PostgresLoginStore(PostgresDatabase database) : ILoginStore
{
    private const string Columns =
        "a.number, a.name, a.password, a.modified, a.deleting, a.since, l.name, l.password, l.email, l.quota, l.reset, l.reset_expires, l.revision, a.disabled";

    private const string Joined = "account_logins l JOIN accounts a ON a.number = l.account";

    public async ValueTask<AccountLogin?> FindAsync(string name, CancellationToken cancellationToken) => First(await BatchAsync(
        repeatable: true,
        batch => Add(batch, $"SELECT {Columns} FROM {Joined} WHERE l.name = $1 AND NOT a.deleting", parameters => parameters.AddText(name)),
        cancellationToken));

    public async ValueTask<AccountLogin?> FindByNumberAsync(long account, CancellationToken cancellationToken) => First(await BatchAsync(
        repeatable: true,
        batch => Add(batch, $"SELECT {Columns} FROM {Joined} WHERE l.account = $1", parameters => parameters.Add(account)),
        cancellationToken));

    public async ValueTask<AccountLogin?> AddAsync(AccountLogin login, string? invitation, ServerTimestamp now, CancellationToken cancellationToken) => First(await BatchAsync(
        repeatable: false,
        batch =>
        {
            Lock(batch, AdvisoryLocks.AccountName, login.Account.Name);
            Lock(batch, AdvisoryLocks.LoginName, login.Name);
            InvitationRows.Lock(batch, invitation);

            // Gives the login of an account that is gone a name that no user can have, until housekeeping removes it.
            Add(
                batch,
                "UPDATE account_logins SET name = ' ' || account WHERE name = $1 AND NOT EXISTS (SELECT FROM accounts WHERE number = account_logins.account)",
                parameters => parameters.AddText(login.Name));
            Add(
                batch,
                $"""
                WITH a AS (
                    INSERT INTO accounts (name, password, modified, since)
                    SELECT $1, $2, $3, $3 WHERE NOT EXISTS (SELECT FROM account_logins WHERE name = $4) AND {InvitationRows.IsFree(10)}
                    ON CONFLICT (name) DO NOTHING RETURNING *
                ), l AS (
                    INSERT INTO account_logins (account, name, password, email, quota, reset, reset_expires)
                    SELECT number, $4, $5, $6, $7, $8, $9 FROM a RETURNING *
                ), {InvitationRows.Spend(10, "a")}
                SELECT {Columns} FROM l JOIN a ON a.number = l.account
                """,
                parameters =>
                {
                    parameters.AddText(login.Account.Name);
                    parameters.AddText(PasswordHash.None);
                    parameters.Add(now.Milliseconds);
                    parameters.AddText(login.Name);
                    AddValues(parameters, login);
                    InvitationRows.Add(parameters, invitation, now);
                });
        },
        cancellationToken));

    public async ValueTask<AccountLogin?> ChangeAsync(AccountLogin read, AccountLogin next, CancellationToken cancellationToken) => First(await BatchAsync(
        repeatable: false,
        batch =>
        {
            Add(batch, "SELECT number AS locked FROM accounts WHERE number = $1 FOR NO KEY UPDATE", parameters => parameters.Add(read.Account.Number));
            Add(
                batch,
                $"""
                WITH l AS (
                    UPDATE account_logins SET password = $3, email = $4, quota = $5, reset = $6, reset_expires = $7, revision = revision + 1
                    WHERE account = $1 AND revision = $2 AND EXISTS (SELECT FROM accounts WHERE number = $1 AND NOT deleting) RETURNING *
                )
                SELECT {Columns} FROM l JOIN accounts a ON a.number = l.account
                """,
                parameters =>
                {
                    parameters.Add(read.Account.Number);
                    parameters.Add(read.Revision);
                    AddValues(parameters, next);
                });
        },
        cancellationToken));

    public async ValueTask RemoveAsync(long account, CancellationToken cancellationToken) => await BatchAsync(
        repeatable: true,
        batch => Add(batch, "DELETE FROM account_logins WHERE account = $1", parameters => parameters.Add(account)),
        cancellationToken);

    private static AccountLogin? First(List<AccountLogin> rows) => rows.Count == 0 ? null : rows[0];

    private static void Lock(NpgsqlBatch batch, int lockClass, string text) => Add(batch, "SELECT pg_advisory_xact_lock($1, hashtext($2)) AS locked", parameters =>
    {
        parameters.Add(lockClass);
        parameters.AddText(text);
    });

    /// <summary>All columns that change.</summary>
    private static void AddValues(ParameterList parameters, AccountLogin login)
    {
        parameters.AddText(login.PasswordHash);
        parameters.AddText(login.Email);
        parameters.AddNumber(login.QuotaBytes);
        parameters.AddText(login.ResetDigest);
        parameters.Add(login.ResetExpires.Milliseconds);
    }

    private static void Add(NpgsqlBatch batch, string sql, Action<ParameterList> bind)
    {
        var command = new NpgsqlBatchCommand(sql);
        bind(new ParameterList(command.Parameters));
        batch.BatchCommands.Add(command);
    }

    /// <summary>Runs statements in one transaction.</summary>
    /// <returns>The rows that statements other than locks return.</returns>
    private ValueTask<List<AccountLogin>> BatchAsync(bool repeatable, Action<NpgsqlBatch> fill, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var batch = new NpgsqlBatch(connection);
            if (!repeatable)
            {
                batch.BatchCommands.Add(database.LockTimeoutCommand());
            }

            fill(batch);
            var rows = new List<AccountLogin>();
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            do
            {
                while (await reader.ReadAsync(cancellationToken))
                {
                    if (reader.GetName(0) is not ("locked" or "set_config"))
                    {
                        rows.Add(Read(reader));
                    }
                }
            }
            while (await reader.NextResultAsync(cancellationToken));
            return rows;
        },
        repeatable,
        cancellationToken);

    private static AccountLogin Read(NpgsqlDataReader reader) => new(
        new Account(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), new ServerTimestamp(reader.GetInt64(3)), reader.GetBoolean(4))
        {
            Since = new ServerTimestamp(reader.GetInt64(5)),
            IsDisabled = reader.GetBoolean(13),
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
