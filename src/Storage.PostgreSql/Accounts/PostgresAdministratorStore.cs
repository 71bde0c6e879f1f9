using Lockstep.Core.Accounts;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Accounts;

/// <summary>Administrators, in the home database. Using a link locks all links first, in a transaction of one batch, so that only one link is used, and once.</summary>
/// <param name="database">The home database.</param>
public sealed class PostgresAdministratorStore(PostgresDatabase database) : IAdministratorStore
{
    public ValueTask<bool> AnyAsync(CancellationToken cancellationToken) =>
        ExistsAsync("SELECT EXISTS (SELECT FROM accounts WHERE administrator AND NOT deleting)", static _ => { }, cancellationToken);

    public async ValueTask AddLinkAsync(string digest, ServerTimestamp now, ServerTimestamp expires, int most, CancellationToken cancellationToken) => await database.UseAsync(
        async connection =>
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(database.LockTimeoutCommand());
            LockLinks(batch);
            Add(batch, "INSERT INTO administrator_links (digest, created, expires) VALUES ($1, $2, $3)", parameters =>
            {
                parameters.AddText(digest);
                parameters.Add(now.Milliseconds);
                parameters.Add(expires.Milliseconds);
            });
            Add(
                batch,
                "DELETE FROM administrator_links WHERE expires <= $1 OR digest NOT IN (SELECT digest FROM administrator_links ORDER BY digest <> $3, created DESC LIMIT $2)",
                parameters =>
                {
                    parameters.Add(now.Milliseconds);
                    parameters.Add((long)most);
                    parameters.AddText(digest);
                });
            return await batch.ExecuteNonQueryAsync(cancellationToken);
        },
        repeatable: false,
        cancellationToken);

    public ValueTask<bool> HasLinkAsync(string digest, ServerTimestamp now, CancellationToken cancellationToken) => ExistsAsync(
        "SELECT EXISTS (SELECT FROM administrator_links WHERE digest = $1 AND expires > $2)",
        parameters =>
        {
            parameters.AddText(digest);
            parameters.Add(now.Milliseconds);
        },
        cancellationToken);

    public ValueTask<Account?> UseLinkAsync(string digest, string name, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(database.LockTimeoutCommand());
            LockLinks(batch);
            Add(batch, "SELECT pg_advisory_xact_lock($1, hashtext($2)) AS locked", parameters =>
            {
                parameters.Add(AdvisoryLocks.AccountName);
                parameters.AddText(name);
            });
            Add(
                batch,
                """
                WITH made AS (
                    INSERT INTO accounts (name, password, modified, since, administrator)
                    SELECT $1, $2, $3, $3, true WHERE EXISTS (SELECT FROM administrator_links WHERE digest = $4 AND expires > $3)
                    ON CONFLICT (name) DO NOTHING RETURNING number
                ), spent AS (DELETE FROM administrator_links WHERE EXISTS (SELECT FROM made))
                SELECT number FROM made
                """,
                parameters =>
                {
                    parameters.AddText(name);
                    parameters.AddText(passwordHash);
                    parameters.Add(now.Milliseconds);
                    parameters.AddText(digest);
                });
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            for (var locks = 0; locks < 3; locks++)
            {
                await reader.NextResultAsync(cancellationToken);
            }

            var number = await reader.ReadAsync(cancellationToken) ? reader.GetInt64(0) : (long?)null;

            // The rows arrive before the commit.
            while (await reader.NextResultAsync(cancellationToken))
            {
            }

            return number is { } made ? new Account(made, name, passwordHash, now, IsBeingDeleted: false) { Since = now, IsAdministrator = true } : null;
        },
        repeatable: false,
        cancellationToken);

    private ValueTask<bool> ExistsAsync(string sql, Action<ParameterList> bind, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            bind(new ParameterList(command.Parameters));
            return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
        },
        repeatable: true,
        cancellationToken);

    /// <summary>Keeps others from adding or using a link until this transaction ends.</summary>
    private static void LockLinks(NpgsqlBatch batch) => Add(batch, "SELECT pg_advisory_xact_lock($1, 0) AS locked", static parameters => parameters.Add(AdvisoryLocks.AdministratorLinks));

    private static void Add(NpgsqlBatch batch, string sql, Action<ParameterList> bind)
    {
        var command = new NpgsqlBatchCommand(sql);
        bind(new ParameterList(command.Parameters));
        batch.BatchCommands.Add(command);
    }
}
