using Lockstep.Core.Accounts;
using Lockstep.Core.Sessions;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Sessions;

/// <summary>Sessions, in the home database.</summary>
/// <param name="database">The home database.</param>
public sealed class PostgresSessionStore(PostgresDatabase database) : ISessionStore
{
    public async ValueTask AddAsync(AccountSession session, int most, CancellationToken cancellationToken) => await database.UseAsync(
        async connection =>
        {
            // In one transaction. Two at the same time may leave one session more than the limit, until the next one is added.
            await using var batch = new NpgsqlBatch(connection);
            var adding = new NpgsqlBatchCommand("INSERT INTO account_sessions (digest, account, mark, created, expires) VALUES ($1, $2, $3, $4, $5)");
            var added = new ParameterList(adding.Parameters);
            added.AddText(session.Digest);
            added.Add(session.Account.Number);
            added.AddText(session.Mark);
            added.Add(session.Created.Milliseconds);
            added.Add(session.Expires.Milliseconds);
            batch.BatchCommands.Add(adding);
            var trimming = new NpgsqlBatchCommand(
                """
                DELETE FROM account_sessions WHERE account = $1 AND digest NOT IN (
                    SELECT digest FROM account_sessions WHERE account = $1 ORDER BY digest <> $3, created DESC LIMIT $2)
                """);
            var kept = new ParameterList(trimming.Parameters);
            kept.Add(session.Account.Number);
            kept.Add((long)most);
            kept.AddText(session.Digest);
            batch.BatchCommands.Add(trimming);
            return await batch.ExecuteNonQueryAsync(cancellationToken);
        },
        repeatable: false,
        cancellationToken);

    public ValueTask<AccountSession?> FindAsync(string digest, ServerTimestamp now, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(
                """
                SELECT a.number, a.name, a.password, a.modified, a.since, a.administrator, s.mark, s.created, s.expires
                FROM account_sessions s JOIN accounts a ON a.number = s.account WHERE s.digest = $1 AND s.expires > $2 AND NOT a.deleting AND NOT a.disabled
                """,
                connection);
            var parameters = new ParameterList(command.Parameters);
            parameters.AddText(digest);
            parameters.Add(now.Milliseconds);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            return await reader.ReadAsync(cancellationToken)
                ? new AccountSession(
                    digest,
                    new Account(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), new ServerTimestamp(reader.GetInt64(3)), IsBeingDeleted: false)
                    {
                        Since = new ServerTimestamp(reader.GetInt64(4)),
                        IsAdministrator = reader.GetBoolean(5),
                    },
                    reader.GetString(6),
                    new ServerTimestamp(reader.GetInt64(7)),
                    new ServerTimestamp(reader.GetInt64(8)))
                : null;
        },
        repeatable: true,
        cancellationToken);

    public async ValueTask RemoveAsync(string digest, CancellationToken cancellationToken) =>
        await ExecuteAsync("DELETE FROM account_sessions WHERE digest = $1", parameters => parameters.AddText(digest), cancellationToken);

    public async ValueTask RemoveAllAsync(long account, string? except, CancellationToken cancellationToken) => await ExecuteAsync(
        "DELETE FROM account_sessions WHERE account = $1 AND digest <> $2",
        parameters =>
        {
            parameters.Add(account);
            parameters.AddText(except ?? "");
        },
        cancellationToken);

    public async ValueTask<bool> PurgeAsync(ServerTimestamp now, int limit, CancellationToken cancellationToken) => await ExecuteAsync(
        "DELETE FROM account_sessions WHERE digest = ANY(ARRAY(SELECT digest FROM account_sessions WHERE expires <= $1 ORDER BY expires LIMIT $2))",
        parameters =>
        {
            parameters.Add(now.Milliseconds);
            parameters.Add((long)limit);
        },
        cancellationToken) == limit;

    private ValueTask<int> ExecuteAsync(string sql, Action<ParameterList> bind, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            bind(new ParameterList(command.Parameters));
            return await command.ExecuteNonQueryAsync(cancellationToken);
        },
        repeatable: true,
        cancellationToken);
}
