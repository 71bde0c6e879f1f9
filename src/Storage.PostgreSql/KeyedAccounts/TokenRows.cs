using Lockstep.Core.KeyedAccounts;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.KeyedAccounts;

/// <summary>Statements about an account's tokens, for transactions that hold its lock. Everything that came from a token is removed with it.</summary>
internal static class TokenRows
{
    /// <summary>A condition: this batch has begun to change the account $1, and has not ended the change yet.</summary>
    public const string Changing = "EXISTS (SELECT FROM keyed_accounts WHERE account = $1 AND revision < 0)";

    /// <summary>Adds tokens if the condition holds.</summary>
    public static void Insert(NpgsqlBatch batch, long account, IReadOnlyList<AccountToken> tokens, string condition) => AccountBatches.Add(
        batch,
        $"""
        INSERT INTO account_tokens (account, digest, kind, parent, client, scope, sealed, data, created, expires, used, family)
        SELECT $1, t.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) t WHERE {condition}
        """,
        parameters =>
        {
            parameters.Add(account);
            KeyedAccountColumns.Add(parameters, tokens);
        });

    /// <summary>
    /// After some tokens of a kind were added, removes those beyond the limit, with everything that came from them. Tokens are ranked within their client by use,
    /// and of all clients the lowest ranks are removed first.
    /// </summary>
    public static void Trim(NpgsqlBatch batch, long account, AccountTokenKind kind, int most, IReadOnlyList<string> added)
    {
        if (most == int.MaxValue)
        {
            return;
        }

        AccountBatches.Add(
            batch,
            """
            WITH gone AS (
                DELETE FROM account_tokens WHERE digest IN (SELECT digest FROM (
                    SELECT digest, used, row_number() OVER (PARTITION BY client ORDER BY digest = ANY($4) DESC, used > created DESC, used DESC, digest) AS place
                    FROM account_tokens WHERE account = $1 AND kind = $2) t
                    ORDER BY digest = ANY($4) DESC, place, used DESC, digest OFFSET $3) RETURNING digest
            ), children AS (
                DELETE FROM account_tokens WHERE account = $1 AND parent IN (SELECT digest FROM gone)
            ), devices AS (
                DELETE FROM account_devices WHERE account = $1 AND token IN (SELECT digest FROM gone) RETURNING id
            )
            DELETE FROM device_commands WHERE account = $1 AND device IN (SELECT id FROM devices)
            """,
            parameters =>
            {
                parameters.Add(account);
                parameters.Add((int)kind);
                parameters.Add((long)most);
                parameters.AddText(added, static digest => digest);
            });
    }

    /// <summary>Removes everything that came from removed tokens: tokens, devices, and the commands for these.</summary>
    public static void RemoveOrphans(NpgsqlBatch batch, long account, bool always = false)
    {
        var condition = always ? "true" : Changing;
        AccountBatches.Add(
            batch,
            $"DELETE FROM account_tokens t WHERE account = $1 AND parent IS NOT NULL AND NOT EXISTS (SELECT FROM account_tokens p WHERE p.digest = t.parent) AND {condition}",
            parameters => parameters.Add(account));
        AccountBatches.Add(
            batch,
            $"DELETE FROM account_devices d WHERE account = $1 AND NOT EXISTS (SELECT FROM account_tokens t WHERE t.digest = d.token) AND {condition}",
            parameters => parameters.Add(account));
        AccountBatches.Add(
            batch,
            $"DELETE FROM device_commands c WHERE account = $1 AND NOT EXISTS (SELECT FROM account_devices d WHERE d.id = c.device) AND {condition}",
            parameters => parameters.Add(account));
    }
}
