using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;

namespace Lockstep.Storage.PostgreSql.KeyedAccounts;

/// <summary>Removes expired tokens, with everything that came from them, and expired commands.</summary>
internal sealed class ExpiredRows(AccountBatches batches)
{
    /// <returns>Whether there may be more.</returns>
    public async ValueTask<bool> PurgeAsync(ServerTimestamp now, int limit, CancellationToken cancellationToken)
    {
        var accounts = await batches.QueryAsync(
            """
            DELETE FROM account_tokens WHERE digest = ANY(ARRAY(SELECT digest FROM account_tokens WHERE expires <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING account
            """,
            Bind,
            static reader => reader.GetInt64(0),
            cancellationToken);
        foreach (var account in accounts.Distinct())
        {
            await batches.BatchAsync(
                batch =>
                {
                    AccountBatches.Lock(batch, account);
                    TokenRows.RemoveOrphans(batch, account, always: true);
                },
                static _ => 0,
                cancellationToken);
        }

        var commands = await batches.QueryAsync(
            "DELETE FROM device_commands WHERE number = ANY(ARRAY(SELECT number FROM device_commands WHERE expires <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING account",
            Bind,
            static reader => reader.GetInt64(0),
            cancellationToken);
        return accounts.Count == limit || commands.Count == limit;

        void Bind(ParameterList parameters)
        {
            parameters.Add(now.Milliseconds);
            parameters.Add((long)limit);
        }
    }
}
