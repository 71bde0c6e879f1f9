using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Connections;

namespace Lockstep.Storage.PostgreSql.KeyedAccounts;

/// <summary>The keys that sign access tokens.</summary>
internal sealed class ServerKeyRows(AccountBatches batches)
{
    public async ValueTask<IReadOnlyList<ServerKey>> ListAsync(CancellationToken cancellationToken) => await batches.QueryAsync(
        "SELECT id, created, sealed FROM server_keys ORDER BY created DESC, id",
        static _ => { },
        static reader => new ServerKey(reader.GetString(0), new ServerTimestamp(reader.GetInt64(1)), reader.GetString(2)),
        cancellationToken);

    public async ValueTask<bool> AddAsync(ServerKey key, string? newest, CancellationToken cancellationToken) => (await batches.BatchAsync(
        batch =>
        {
            AccountBatches.Add(batch, "SELECT pg_advisory_xact_lock($1, 0) AS locked", static parameters => parameters.Add(AdvisoryLocks.ServerKeys));
            AccountBatches.Add(
                batch,
                """
                INSERT INTO server_keys (id, created, sealed)
                SELECT $1, $2, $3 WHERE $4 IS NOT DISTINCT FROM (SELECT id FROM server_keys ORDER BY created DESC, id LIMIT 1) RETURNING created
                """,
                parameters =>
                {
                    parameters.AddText(key.Id);
                    parameters.Add(key.Created.Milliseconds);
                    parameters.AddText(key.Sealed);
                    parameters.AddText(newest);
                });
        },
        static reader => reader.GetInt64(0),
        cancellationToken)).Count > 0;

    public async ValueTask RemoveAsync(string id, CancellationToken cancellationToken) =>
        await batches.QueryAsync("DELETE FROM server_keys WHERE id = $1", parameters => parameters.AddText(id), static _ => 0, cancellationToken);
}
