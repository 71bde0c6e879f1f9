using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Storage.Sqlite.Assignments;
using static Lockstep.Storage.Sqlite.Rows.RowReading;

namespace Lockstep.Storage.Sqlite.KeyedAccounts;

/// <summary>
/// Accounts with a key in the same file as the buckets. The file's only writer runs one job at a time, so what a job reads stays true until it has written.
/// </summary>
public sealed class SqliteKeyedAccountStore(SqliteDatabase database, AccountTokenLimits limits) : IKeyedAccountStore
{
    private const string Joined = "keyed_accounts k JOIN accounts a ON a.number = k.account";

    // AccountTokenKind.Session and Refresh
    private const string OfFamilies = "1, 9";

    // UserKeys.RetiredGeneration
    private const string Retired = "9223372036854775807";

    public ValueTask<KeyedAccount?> FindAsync(string name, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => FindOne(statements, "a.name = $0 AND a.deleting = 0", name)));

    public ValueTask<KeyedAccount?> FindByUidAsync(string uid, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => FindOne(statements, "k.uid = $0 AND a.deleting = 0", uid)));

    public ValueTask<KeyedAccount?> FindByNumberAsync(long account, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => FindOne(statements, "k.account = $0", account)));

    public ValueTask<KeyedAccount?> AddAsync(KeyedAccount account, IReadOnlyList<AccountToken> tokens, string? invitation, CancellationToken cancellationToken) =>
        database.WriteAsync(statements =>
        {
            if (invitation is not null && !InvitationRows.IsFree(statements, invitation, account.Created))
            {
                return null;
            }

            if (statements.Scalar(
                "INSERT INTO accounts (name, password, modified, since) VALUES ($0, $1, $2, $2) ON CONFLICT (name) DO NOTHING RETURNING number",
                account.Account.Name, account.Account.PasswordHash, account.Created.Milliseconds) is not long number)
            {
                return null;
            }

            statements.Execute(
                """
                INSERT INTO keyed_accounts (account, uid, email, verified, salt, wrapped, generation, keys_changed, created, totp, totp_on, totp_step, codes, recovery, recovery_data, recovery_since)
                VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                """,
                [number, account.Uid, account.Email, .. KeyedAccountColumns.ValuesOf(account)]);
            foreach (var token in tokens)
            {
                Insert(statements, token, number);
            }

            if (invitation is not null)
            {
                InvitationRows.Spend(statements, invitation, number);
            }

            return FindOne(statements, "k.account = $0", number);
        });

    public ValueTask<KeyedAccount?> ChangeAsync(KeyedAccount read, KeyedAccount next, AccountSweep sweep, CancellationToken cancellationToken) =>
        database.WriteAsync(statements =>
        {
            var number = read.Account.Number;
            if (statements.Execute(
                """
                UPDATE keyed_accounts SET verified = $2, salt = $3, wrapped = $4, generation = $5, keys_changed = $6, created = $7, totp = $8, totp_on = $9, totp_step = $10,
                    codes = $11, recovery = $12, recovery_data = $13, recovery_since = $14, revision = revision + 1
                WHERE account = $0 AND revision = $1 AND EXISTS (SELECT 1 FROM accounts WHERE number = $0 AND deleting = 0)
                """,
                [number, read.Revision, .. KeyedAccountColumns.ValuesOf(next)]) == 0)
            {
                return null;
            }

            statements.Execute(
                "UPDATE accounts SET password = $1, modified = max($2, modified + 1) WHERE number = $0 AND password <> $1",
                number, next.Account.PasswordHash, next.Account.Modified.Milliseconds);
            foreach (var kind in sweep.Ended)
            {
                statements.Execute("DELETE FROM account_tokens WHERE account = $0 AND kind = $1", number, (long)kind);
            }

            if (sweep.Ended.Count > 0)
            {
                RemoveOrphans(statements, number);
            }

            if (sweep.Stores is { } user)
            {
                statements.Execute(
                    $"UPDATE assignments SET generation = max(generation, $2) WHERE issuer = $0 AND subject = $1 AND replaced IS NULL AND generation <> {Retired}",
                    user.Issuer, user.Subject, next.Generation - 1);
            }

            foreach (var token in sweep.Added)
            {
                Insert(statements, token, number);
            }

            return FindOne(statements, "k.account = $0", number);
        });

    public async ValueTask RemoveAsync(long account, CancellationToken cancellationToken) => await database.WriteAsync(statements =>
        statements.Execute("DELETE FROM account_tokens WHERE account = $0", account)
        + statements.Execute("DELETE FROM account_devices WHERE account = $0", account)
        + statements.Execute("DELETE FROM device_commands WHERE account = $0", account)
        + statements.Execute("DELETE FROM keyed_accounts WHERE account = $0", account));

    public ValueTask<FoundToken?> FindTokenAsync(string digest, ServerTimestamp now, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => First(ReadAll(
            statements.Prepare(
                $"""
                SELECT {KeyedAccountColumns.TokenNames}, {KeyedAccountColumns.Names} FROM account_tokens t JOIN keyed_accounts k ON k.account = t.account JOIN accounts a ON a.number = t.account
                WHERE t.digest = $0 AND t.expires > $1 AND a.deleting = 0 AND a.disabled = 0
                    AND (t.parent IS NULL OR EXISTS (SELECT 1 FROM account_tokens p WHERE p.digest = t.parent AND p.expires > $1))
                """,
                digest, now.Milliseconds),
            static reader => new FoundToken(KeyedAccountColumns.ReadToken(reader), KeyedAccountColumns.Read(reader, KeyedAccountColumns.TokenCount))))));

    public ValueTask<bool> AddTokensAsync(KeyedAccount account, IReadOnlyList<AccountToken> tokens, string? inPlaceOf, CancellationToken cancellationToken) =>
        database.WriteAsync(statements =>
        {
            var number = account.Account.Number;
            if (statements.Scalar(
                "SELECT 1 FROM accounts WHERE number = $0 AND password = $1 AND deleting = 0 AND disabled = 0 AND EXISTS (SELECT 1 FROM keyed_accounts WHERE account = $0)",
                number, account.Account.PasswordHash) is null
                || tokens.Any(token => token.Parent is { } parent
                    && !tokens.Any(other => string.Equals(other.Digest, parent, StringComparison.Ordinal))
                    && statements.Scalar("SELECT 1 FROM account_tokens WHERE digest = $0 AND account = $1", parent, number) is null)
                || (inPlaceOf is not null && statements.Scalar("SELECT 1 FROM account_tokens WHERE digest = $0 AND account = $1", inPlaceOf, number) is null))
            {
                return false;
            }

            foreach (var token in tokens)
            {
                Insert(statements, token, number);
            }

            if (inPlaceOf is not null)
            {
                if (tokens.Count > 0)
                {
                    statements.Execute("UPDATE account_devices SET token = $0 WHERE token = $1", tokens[0].Digest, inPlaceOf);
                }

                statements.Execute("DELETE FROM account_tokens WHERE digest = $0", inPlaceOf);
                RemoveOrphans(statements, number);
            }

            Trim(statements, tokens, number);
            return true;
        });

    public ValueTask<bool> RemoveTokenAsync(long account, string digest, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        if (statements.Execute("DELETE FROM account_tokens WHERE digest = $0 AND account = $1", digest, account) == 0)
        {
            return false;
        }

        RemoveOrphans(statements, account);
        return true;
    });

    public ValueTask<bool> RemoveFamilyAsync(long account, string digest, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        if (statements.Execute(
            $"""
            DELETE FROM account_tokens WHERE account = $0 AND kind IN ({OfFamilies})
                AND coalesce(family, digest) = (SELECT coalesce(family, digest) FROM account_tokens WHERE digest = $1 AND account = $0 AND kind IN ({OfFamilies}))
            """,
            account, digest) == 0)
        {
            return false;
        }

        RemoveOrphans(statements, account);
        return true;
    });

    public ValueTask<bool> ChangeTokenAsync(AccountToken read, string data, CancellationToken cancellationToken) => database.WriteAsync(statements =>
        statements.Execute("UPDATE account_tokens SET data = $2 WHERE digest = $0 AND data = $1", read.Digest, read.Data, data) == 1);

    public ValueTask<bool> ChangeTokensAsync(IReadOnlyList<(AccountToken Read, string Data)> changes, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        if (changes.Any(change => statements.Scalar("SELECT 1 FROM account_tokens WHERE digest = $0 AND data = $1", change.Read.Digest, change.Read.Data) is null))
        {
            return false;
        }

        foreach (var (read, data) in changes)
        {
            statements.Execute("UPDATE account_tokens SET data = $1 WHERE digest = $0", read.Digest, data);
        }

        return true;
    });

    public async ValueTask TouchTokenAsync(string digest, ServerTimestamp used, ServerTimestamp expires, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements => statements.Execute(
            "UPDATE account_tokens SET used = max(used, $1), expires = max(expires, $2) WHERE digest = $0", digest, used.Milliseconds, expires.Milliseconds));

    public ValueTask<IReadOnlyList<AccountToken>> ListTokensAsync(
        long account, IReadOnlyList<AccountTokenKind> kinds, ServerTimestamp now, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<AccountToken>>(database.Read(statements => ReadAll(
            statements.Prepare(
                $"SELECT {KeyedAccountColumns.TokenNames} FROM account_tokens t WHERE t.account = $0 AND t.expires > $1 AND t.kind IN ({Join(kinds)}) ORDER BY t.created, t.digest", account, now.Milliseconds),
            KeyedAccountColumns.ReadToken)));

    public ValueTask<bool> PutDeviceAsync(AccountDevice device, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        if (statements.Scalar("SELECT 1 FROM account_tokens WHERE digest = $0 AND account = $1", device.Token, device.Account) is null
            || statements.Scalar("SELECT 1 FROM account_devices WHERE id = $0 AND account <> $1", device.Id, device.Account) is not null)
        {
            return false;
        }

        statements.Execute("DELETE FROM account_devices WHERE token = $0 AND id <> $1", device.Token, device.Id);
        statements.Execute(
            "INSERT INTO account_devices (id, account, token, data, created) VALUES ($0, $1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET token = $2, data = $3",
            device.Id, device.Account, device.Token, device.Data, device.Created.Milliseconds);
        return true;
    });

    public ValueTask<IReadOnlyList<AccountDevice>> ListDevicesAsync(long account, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<AccountDevice>>(database.Read(statements => ReadAll(
            statements.Prepare("SELECT id, account, token, data, created FROM account_devices WHERE account = $0 ORDER BY created, id", account),
            static reader => new AccountDevice(reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), new ServerTimestamp(reader.GetInt64(4))))));

    public ValueTask<bool> AddCommandAsync(
        long account, string device, string data, int most, long mostBytes, ServerTimestamp expires, CancellationToken cancellationToken) =>
        database.WriteAsync(statements =>
        {
            if (statements.Scalar("SELECT 1 FROM account_devices WHERE id = $0 AND account = $1", device, account) is null)
            {
                return false;
            }

            statements.Execute(
                "INSERT INTO device_commands (account, device, data, expires) VALUES ($0, $1, $2, $3)", account, device, data, expires.Milliseconds);
            statements.Execute(
                "DELETE FROM device_commands WHERE device = $0 AND number <= (SELECT number FROM device_commands WHERE device = $0 ORDER BY number DESC LIMIT 1 OFFSET $1)",
                device, (long)most);
            statements.Execute(
                """
                DELETE FROM device_commands WHERE account = $0 AND number IN (SELECT number FROM (
                    SELECT number, sum(length(CAST(data AS BLOB))) OVER (ORDER BY number DESC) AS bytes FROM device_commands WHERE account = $0) WHERE bytes > $1)
                """,
                account, mostBytes);
            return true;
        });

    public ValueTask<IReadOnlyList<DeviceCommand>> ListCommandsAsync(string device, long from, int limit, ServerTimestamp now, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<DeviceCommand>>(database.Read(statements => ReadAll(
            statements.Prepare(
                "SELECT number, data FROM device_commands WHERE device = $0 AND number >= $1 AND expires > $2 ORDER BY number LIMIT $3", device, from, now.Milliseconds, (long)limit),
            static reader => new DeviceCommand(reader.GetInt64(0), reader.GetString(1)))));

    public ValueTask<bool> PurgeTokensAsync(ServerTimestamp now, int limit, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        var accounts = ReadAll(
            statements.Prepare(
                "DELETE FROM account_tokens WHERE digest IN (SELECT digest FROM account_tokens WHERE expires <= $0 LIMIT $1) RETURNING account", now.Milliseconds, (long)limit),
            static reader => reader.GetInt64(0));
        foreach (var account in accounts.Distinct())
        {
            RemoveOrphans(statements, account);
        }

        var commands = statements.Execute(
            "DELETE FROM device_commands WHERE number IN (SELECT number FROM device_commands WHERE expires <= $0 LIMIT $1)", now.Milliseconds, (long)limit);
        return accounts.Count == limit || commands == limit;
    });

    public ValueTask<IReadOnlyList<ServerKey>> ListServerKeysAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<ServerKey>>(database.Read(static statements => ReadAll(
            statements.Prepare("SELECT id, created, sealed FROM server_keys ORDER BY created DESC, id"),
            static reader => new ServerKey(reader.GetString(0), new ServerTimestamp(reader.GetInt64(1)), reader.GetString(2)))));

    public ValueTask<bool> AddServerKeyAsync(ServerKey key, string? newest, CancellationToken cancellationToken) =>
        database.WriteAsync(statements =>
        {
            if (!string.Equals(statements.Scalar("SELECT id FROM server_keys ORDER BY created DESC, id LIMIT 1") as string, newest, StringComparison.Ordinal))
            {
                return false;
            }

            statements.Execute("INSERT INTO server_keys (id, created, sealed) VALUES ($0, $1, $2)", key.Id, key.Created.Milliseconds, key.Sealed);
            return true;
        });

    public async ValueTask RemoveServerKeyAsync(string id, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements => statements.Execute("DELETE FROM server_keys WHERE id = $0", id));

    /// <summary>Removes everything that came from removed tokens: tokens, devices, and the commands for these.</summary>
    private static void RemoveOrphans(SqliteStatements statements, long account)
    {
        statements.Execute(
            "DELETE FROM account_tokens WHERE account = $0 AND parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM account_tokens p WHERE p.digest = account_tokens.parent)", account);
        statements.Execute(
            "DELETE FROM account_devices WHERE account = $0 AND NOT EXISTS (SELECT 1 FROM account_tokens t WHERE t.digest = account_devices.token)", account);
        statements.Execute(
            "DELETE FROM device_commands WHERE account = $0 AND NOT EXISTS (SELECT 1 FROM account_devices d WHERE d.id = device_commands.device)", account);
    }

    /// <summary>
    /// Removes tokens beyond the limits of the new tokens' kinds. Tokens are ranked within their client by use, and of all clients the lowest ranks are removed first.
    /// </summary>
    private void Trim(SqliteStatements statements, IReadOnlyList<AccountToken> added, long account)
    {
        var removed = 0;
        foreach (var kind in added.GroupBy(static token => token.Kind, static token => token.Digest))
        {
            var digests = kind.ToArray();
            var own = string.Join(", ", Enumerable.Range(3, digests.Length).Select(static number => $"${number}"));
            removed += statements.Execute(
                $"""
                DELETE FROM account_tokens WHERE digest IN (SELECT digest FROM (
                    SELECT digest, used, row_number() OVER (PARTITION BY client ORDER BY digest IN ({own}) DESC, used > created DESC, used DESC, digest) AS place
                    FROM account_tokens WHERE account = $0 AND kind = $1)
                    ORDER BY digest IN ({own}) DESC, place, used DESC, digest LIMIT -1 OFFSET $2)
                """,
                [account, (long)kind.Key, (long)limits.Of(kind.Key), .. digests]);
        }

        if (removed > 0)
        {
            RemoveOrphans(statements, account);
        }
    }

    private static string Join(IEnumerable<AccountTokenKind> kinds) => string.Join(", ", kinds.Select(static kind => (int)kind));

    private static void Insert(SqliteStatements statements, AccountToken token, long account) => statements.Execute(
        """
        INSERT INTO account_tokens (digest, kind, account, parent, client, scope, sealed, data, created, expires, used, family)
        VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        token.Digest, (long)token.Kind, account, token.Parent, token.Client, token.Scope, token.Sealed, token.Data,
        token.Created.Milliseconds, token.Expires.Milliseconds, token.Used.Milliseconds, token.Family);

    private static KeyedAccount? FindOne(SqliteStatements statements, string condition, object value) =>
        First(ReadAll(statements.Prepare($"SELECT {KeyedAccountColumns.Names} FROM {Joined} WHERE {condition}", value), static reader => KeyedAccountColumns.Read(reader, 0)));
}
