using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Assignments;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.KeyedAccounts;

/// <summary>
/// Accounts with a key, in the home database. Writes lock the account's row first, in a transaction of one batch, so that each statement after the lock sees
/// everything that was committed before it. A batch whose answer was lost is not run again if a second run would answer differently from the first.
/// </summary>
/// <param name="database">The home database.</param>
/// <param name="limits">How many tokens an account may have.</param>
public sealed class PostgresKeyedAccountStore(PostgresDatabase database, AccountTokenLimits limits) : IKeyedAccountStore
{
    private const string Columns = KeyedAccountColumns.Names;
    private const string Joined = "keyed_accounts k JOIN accounts a ON a.number = k.account";
    private const string TokenColumns = KeyedAccountColumns.TokenNames;

    // AccountTokenKind.Session and Refresh
    private const string OfFamilies = "1, 9";

    // UserKeys.RetiredGeneration
    private const string Retired = "9223372036854775807";

    private static readonly string[] Tables = ["account_tokens", "account_devices", "device_commands", "keyed_accounts"];

    private readonly AccountBatches batches = new(database);
    private readonly ServerKeyRows keys = new(new AccountBatches(database));
    private readonly ExpiredRows expired = new(new AccountBatches(database));

    public async ValueTask<KeyedAccount?> FindAsync(string name, CancellationToken cancellationToken) => First(await batches.QueryAsync(
        $"SELECT {Columns} FROM {Joined} WHERE a.name = $1 AND NOT a.deleting", parameters => parameters.AddText(name), ReadAccount, cancellationToken));

    public async ValueTask<KeyedAccount?> FindByUidAsync(string uid, CancellationToken cancellationToken) => First(await batches.QueryAsync(
        $"SELECT {Columns} FROM {Joined} WHERE k.uid = $1 AND NOT a.deleting", parameters => parameters.AddText(uid), ReadAccount, cancellationToken));

    public async ValueTask<KeyedAccount?> FindByNumberAsync(long account, CancellationToken cancellationToken) => First(await batches.QueryAsync(
        $"SELECT {Columns} FROM {Joined} WHERE k.account = $1", parameters => parameters.Add(account), ReadAccount, cancellationToken));

    public async ValueTask<KeyedAccount?> AddAsync(KeyedAccount account, IReadOnlyList<AccountToken> tokens, string? invitation, CancellationToken cancellationToken)
    {
        var made = await batches.BatchAsync(
            batch =>
            {
                AccountBatches.Add(batch, "SELECT pg_advisory_xact_lock($1, hashtext($2)) AS locked", parameters =>
                {
                    parameters.Add(AdvisoryLocks.AccountName);
                    parameters.AddText(account.Account.Name);
                });
                InvitationRows.Lock(batch, invitation);
                AccountBatches.Add(
                    batch,
                    $"""
                    WITH made AS (
                        INSERT INTO accounts (name, password, modified, since) SELECT $1, $2, $3, $3 WHERE {InvitationRows.IsFree(30)} ON CONFLICT (name) DO NOTHING RETURNING number
                    ), keyed AS (
                        INSERT INTO keyed_accounts (account, uid, email, verified, salt, wrapped, generation, keys_changed, created, totp, totp_on, totp_step, codes, recovery, recovery_data, recovery_since)
                        SELECT number, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18 FROM made
                    ), tokens AS (
                        INSERT INTO account_tokens (account, digest, kind, parent, client, scope, sealed, data, created, expires, used, family)
                        SELECT m.number, t.* FROM made m, unnest($19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29) t
                    ), {InvitationRows.Spend(30, "made")}
                    SELECT number FROM made
                    """,
                    parameters =>
                    {
                        parameters.AddText(account.Account.Name);
                        parameters.AddText(account.Account.PasswordHash);
                        parameters.Add(account.Created.Milliseconds);
                        parameters.AddText(account.Uid);
                        parameters.AddText(account.Email);
                        KeyedAccountColumns.Add(parameters, account);
                        KeyedAccountColumns.Add(parameters, tokens);
                        InvitationRows.Add(parameters, invitation, account.Created);
                    });
            },
            static reader => reader.GetInt64(0),
            cancellationToken);
        return made.Count == 0 ? null : await FindByNumberAsync(made[0], cancellationToken);
    }

    public async ValueTask<KeyedAccount?> ChangeAsync(KeyedAccount read, KeyedAccount next, AccountSweep sweep, CancellationToken cancellationToken)
    {
        var number = read.Account.Number;
        return First(await batches.BatchAsync(
            batch =>
            {
                AccountBatches.Lock(batch, number);

                // The first statement decides. The following ones learn of it from the revision that it leaves.
                AccountBatches.Add(
                    batch,
                    """
                    UPDATE keyed_accounts SET verified = $3, salt = $4, wrapped = $5, generation = $6, keys_changed = $7, created = $8, totp = $9, totp_on = $10, totp_step = $11,
                        codes = $12, recovery = $13, recovery_data = $14, recovery_since = $15, revision = -1 - revision
                    WHERE account = $1 AND revision = $2 AND EXISTS (SELECT FROM accounts WHERE number = $1 AND NOT deleting)
                    """,
                    parameters =>
                    {
                        parameters.Add(number);
                        parameters.Add(read.Revision);
                        KeyedAccountColumns.Add(parameters, next);
                    });
                AccountBatches.Add(batch, $"UPDATE accounts SET password = $2, modified = greatest($3, modified + 1) WHERE number = $1 AND password <> $2 AND {TokenRows.Changing}", parameters =>
                {
                    parameters.Add(number);
                    parameters.AddText(next.Account.PasswordHash);
                    parameters.Add(next.Account.Modified.Milliseconds);
                });
                if (sweep.Ended.Count > 0)
                {
                    AccountBatches.Add(batch, $"DELETE FROM account_tokens WHERE account = $1 AND kind = ANY($2) AND {TokenRows.Changing}", parameters =>
                    {
                        parameters.Add(number);
                        parameters.Add(sweep.Ended, static kind => (int)kind);
                    });
                    TokenRows.RemoveOrphans(batch, number);
                }

                if (sweep.Stores is { } user)
                {
                    AccountBatches.Add(
                        batch,
                        $"""
                        UPDATE assignments SET generation = greatest(generation, $4)
                        WHERE issuer = $2 AND subject = $3 AND replaced IS NULL AND generation <> {Retired} AND {TokenRows.Changing}
                        """,
                        parameters =>
                        {
                            parameters.Add(number);
                            parameters.AddText(user.Issuer);
                            parameters.AddText(user.Subject);
                            parameters.Add(next.Generation - 1);
                        });
                }

                if (sweep.Added.Count > 0)
                {
                    TokenRows.Insert(batch, number, sweep.Added, TokenRows.Changing);
                }

                AccountBatches.Add(
                    batch,
                    $"""
                    WITH done AS (UPDATE keyed_accounts SET revision = -revision WHERE account = $1 AND revision < 0 RETURNING *)
                    SELECT {Columns} FROM done k JOIN accounts a ON a.number = k.account
                    """,
                    parameters => parameters.Add(number));
            },
            ReadAccount,
            cancellationToken));
    }

    public async ValueTask RemoveAsync(long account, CancellationToken cancellationToken) => await batches.BatchAsync(
        batch =>
        {
            AccountBatches.Lock(batch, account);
            foreach (var table in Tables)
            {
                AccountBatches.Add(batch, $"DELETE FROM {table} WHERE account = $1", parameters => parameters.Add(account));
            }
        },
        static _ => 0,
        cancellationToken);

    public async ValueTask<FoundToken?> FindTokenAsync(string digest, ServerTimestamp now, CancellationToken cancellationToken) => First(await batches.QueryAsync(
        $"""
        SELECT {TokenColumns}, {Columns} FROM account_tokens t JOIN keyed_accounts k ON k.account = t.account JOIN accounts a ON a.number = t.account
        WHERE t.digest = $1 AND t.expires > $2 AND NOT a.deleting AND NOT a.disabled
            AND (t.parent IS NULL OR EXISTS (SELECT FROM account_tokens p WHERE p.digest = t.parent AND p.expires > $2))
        """,
        parameters =>
        {
            parameters.AddText(digest);
            parameters.Add(now.Milliseconds);
        },
        static reader => new FoundToken(KeyedAccountColumns.ReadToken(reader), KeyedAccountColumns.Read(reader, KeyedAccountColumns.TokenCount)),
        cancellationToken));

    public async ValueTask<bool> AddTokensAsync(
        KeyedAccount account, IReadOnlyList<AccountToken> tokens, string? inPlaceOf, CancellationToken cancellationToken)
    {
        var number = account.Account.Number;
        var parents = tokens.Select(static token => token.Parent).OfType<string>().Append(inPlaceOf).OfType<string>()
            .Except(tokens.Select(static token => token.Digest), StringComparer.Ordinal).Distinct(StringComparer.Ordinal).ToList();
        return (await batches.BatchAsync(
            batch =>
            {
                AccountBatches.Lock(batch, number);

                // One statement, so that all parts of it judge by the rows before any of them changes something.
                AccountBatches.Add(
                    batch,
                    """
                    WITH fits AS (
                        SELECT a.number FROM accounts a
                        WHERE a.number = $1 AND a.password = $2 AND NOT a.deleting AND NOT a.disabled AND EXISTS (SELECT FROM keyed_accounts WHERE account = $1)
                            AND cardinality($3) = (SELECT count(*) FROM account_tokens p WHERE p.account = $1 AND p.digest = ANY($3))
                    ), added AS (
                        INSERT INTO account_tokens (account, digest, kind, parent, client, scope, sealed, data, created, expires, used, family)
                        SELECT f.number, t.* FROM fits f, unnest($6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) t
                    ), moved AS (
                        UPDATE account_devices SET token = $5 FROM fits WHERE token = $4 AND $5 IS NOT NULL
                    ), taken AS (
                        DELETE FROM account_tokens t USING fits f WHERE t.digest = $4 AND t.account = f.number
                    )
                    SELECT number FROM fits
                    """,
                    parameters =>
                    {
                        parameters.Add(number);
                        parameters.AddText(account.Account.PasswordHash);
                        parameters.AddText(parents, static parent => parent);
                        parameters.AddText(inPlaceOf);
                        parameters.AddText(tokens.Count > 0 ? tokens[0].Digest : null);
                        KeyedAccountColumns.Add(parameters, tokens);
                    });
                if (inPlaceOf is not null)
                {
                    TokenRows.RemoveOrphans(batch, number, always: true);
                }

                foreach (var kind in tokens.GroupBy(static token => token.Kind, static token => token.Digest))
                {
                    TokenRows.Trim(batch, number, kind.Key, limits.Of(kind.Key), [.. kind]);
                }
            },
            static reader => reader.GetInt64(0),
            cancellationToken)).Count > 0;
    }

    public async ValueTask<bool> RemoveTokenAsync(long account, string digest, CancellationToken cancellationToken) => (await batches.BatchAsync(
        batch =>
        {
            AccountBatches.Lock(batch, account);
            AccountBatches.Add(batch, "DELETE FROM account_tokens WHERE digest = $2 AND account = $1 RETURNING account", parameters =>
            {
                parameters.Add(account);
                parameters.AddText(digest);
            });
            TokenRows.RemoveOrphans(batch, account, always: true);
        },
        static reader => reader.GetInt64(0),
        cancellationToken)).Count > 0;

    public async ValueTask<bool> RemoveFamilyAsync(long account, string digest, CancellationToken cancellationToken) => (await batches.BatchAsync(
        batch =>
        {
            AccountBatches.Lock(batch, account);
            AccountBatches.Add(
                batch,
                $"""
                DELETE FROM account_tokens WHERE account = $1 AND kind IN ({OfFamilies})
                    AND coalesce(family, digest) = (SELECT coalesce(family, digest) FROM account_tokens WHERE digest = $2 AND account = $1 AND kind IN ({OfFamilies})) RETURNING account
                """,
                parameters =>
                {
                    parameters.Add(account);
                    parameters.AddText(digest);
                });
            TokenRows.RemoveOrphans(batch, account, always: true);
        },
        static reader => reader.GetInt64(0),
        cancellationToken)).Count > 0;

    public async ValueTask<bool> ChangeTokenAsync(AccountToken read, string data, CancellationToken cancellationToken) => (await batches.BatchAsync(
        batch => AccountBatches.Add(batch, "UPDATE account_tokens SET data = $3 WHERE digest = $1 AND data = $2 RETURNING account", parameters =>
        {
            parameters.AddText(read.Digest);
            parameters.AddText(read.Data);
            parameters.AddText(data);
        }),
        static reader => reader.GetInt64(0),
        cancellationToken)).Count > 0;

    public async ValueTask<bool> ChangeTokensAsync(IReadOnlyList<(AccountToken Read, string Data)> changes, CancellationToken cancellationToken) => changes.Count == 0 || (await batches.BatchAsync(
        batch =>
        {
            AccountBatches.Lock(batch, changes[0].Read.Account);

            // A token that is not as it was read is not locked, and then none is changed.
            AccountBatches.Add(
                batch,
                """
                WITH changes AS MATERIALIZED (
                    SELECT * FROM unnest($1, $2, $3) AS c (digest, was, data)
                ), locked AS MATERIALIZED (
                    SELECT t.digest FROM account_tokens t JOIN changes c ON c.digest = t.digest AND c.was = t.data FOR UPDATE OF t
                )
                UPDATE account_tokens t SET data = c.data FROM changes c
                WHERE t.digest = c.digest AND (SELECT count(*) FROM locked) = (SELECT count(*) FROM changes) RETURNING t.account
                """,
                parameters =>
                {
                    parameters.AddText(changes, static change => change.Read.Digest);
                    parameters.AddText(changes, static change => change.Read.Data);
                    parameters.AddText(changes, static change => change.Data);
                });
        },
        static reader => reader.GetInt64(0),
        cancellationToken)).Count > 0;

    public async ValueTask TouchTokenAsync(string digest, ServerTimestamp used, ServerTimestamp expires, CancellationToken cancellationToken) => await batches.QueryAsync(
        "UPDATE account_tokens SET used = greatest(used, $2), expires = greatest(expires, $3) WHERE digest = $1",
        parameters =>
        {
            parameters.AddText(digest);
            parameters.Add(used.Milliseconds);
            parameters.Add(expires.Milliseconds);
        },
        static _ => 0,
        cancellationToken);

    public async ValueTask<IReadOnlyList<AccountToken>> ListTokensAsync(
        long account, IReadOnlyList<AccountTokenKind> kinds, ServerTimestamp now, CancellationToken cancellationToken) => await batches.QueryAsync(
        $"SELECT {TokenColumns} FROM account_tokens t WHERE t.account = $1 AND t.expires > $2 AND t.kind = ANY($3) ORDER BY t.created, t.digest",
        parameters =>
        {
            parameters.Add(account);
            parameters.Add(now.Milliseconds);
            parameters.Add(kinds, static kind => (int)kind);
        },
        KeyedAccountColumns.ReadToken,
        cancellationToken);

    public async ValueTask<bool> PutDeviceAsync(AccountDevice device, CancellationToken cancellationToken) => (await batches.BatchAsync(
        batch =>
        {
            AccountBatches.Lock(batch, device.Account);
            DeviceRows.Put(batch, device);
        },
        static reader => reader.GetInt64(0),
        cancellationToken)).Count > 0;

    public async ValueTask<IReadOnlyList<AccountDevice>> ListDevicesAsync(long account, CancellationToken cancellationToken) => await batches.QueryAsync(
        "SELECT id, account, token, data, created FROM account_devices WHERE account = $1 ORDER BY created, id",
        parameters => parameters.Add(account),
        static reader => new AccountDevice(reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), new ServerTimestamp(reader.GetInt64(4))),
        cancellationToken);

    public async ValueTask<bool> AddCommandAsync(
        long account, string device, string data, int most, long mostBytes, ServerTimestamp expires, CancellationToken cancellationToken) => (await batches.BatchAsync(
        batch =>
        {
            AccountBatches.Lock(batch, account);
            DeviceRows.AddCommand(batch, account, device, data, most, mostBytes, expires);
        },
        static reader => reader.GetInt64(0),
        cancellationToken)).Count > 0;

    public async ValueTask<IReadOnlyList<DeviceCommand>> ListCommandsAsync(
        string device, long from, int limit, ServerTimestamp now, CancellationToken cancellationToken) => await batches.QueryAsync(
        "SELECT number, data FROM device_commands WHERE device = $1 AND number >= $2 AND expires > $3 ORDER BY number LIMIT $4",
        parameters =>
        {
            parameters.AddText(device);
            parameters.Add(from);
            parameters.Add(now.Milliseconds);
            parameters.Add((long)limit);
        },
        static reader => new DeviceCommand(reader.GetInt64(0), reader.GetString(1)),
        cancellationToken);

    public ValueTask<bool> PurgeTokensAsync(ServerTimestamp now, int limit, CancellationToken cancellationToken) => expired.PurgeAsync(now, limit, cancellationToken);

    public ValueTask<IReadOnlyList<ServerKey>> ListServerKeysAsync(CancellationToken cancellationToken) => keys.ListAsync(cancellationToken);

    public ValueTask<bool> AddServerKeyAsync(ServerKey key, string? newest, CancellationToken cancellationToken) => keys.AddAsync(key, newest, cancellationToken);

    public ValueTask RemoveServerKeyAsync(string id, CancellationToken cancellationToken) => keys.RemoveAsync(id, cancellationToken);

    private static KeyedAccount ReadAccount(NpgsqlDataReader reader) => KeyedAccountColumns.Read(reader, 0);

    private static T? First<T>(List<T> rows)
        where T : class => rows.Count == 0 ? null : rows[0];
}
