using Lockstep.Core.Accounts;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.KeyedAccounts;

/// <summary>The columns of accounts with a key and of their tokens, in the one order that all statements use.</summary>
internal static class KeyedAccountColumns
{
    public const string Names =
        "a.number, a.name, a.password, a.modified, a.deleting, a.since, k.uid, k.email, k.verified, k.salt, k.wrapped, k.generation, k.keys_changed, k.created, k.totp, "
        + "k.totp_on, k.totp_step, k.codes, k.recovery, k.recovery_data, k.recovery_since, k.revision, a.disabled";

    public const string TokenNames = "t.digest, t.kind, t.account, t.parent, t.client, t.scope, t.sealed, t.data, t.created, t.expires, t.used, t.family";
    public const int TokenCount = 12;

    public static KeyedAccount Read(SqliteDataReader reader, int first) => new(
        new Account(
            reader.GetInt64(first), reader.GetString(first + 1), reader.GetString(first + 2), new ServerTimestamp(reader.GetInt64(first + 3)), reader.GetInt64(first + 4) != 0)
        {
            Since = new ServerTimestamp(reader.GetInt64(first + 5)),
            IsDisabled = reader.GetInt64(first + 22) != 0,
        },
        reader.GetString(first + 6),
        reader.GetString(first + 7))
    {
        IsEmailVerified = reader.GetInt64(first + 8) != 0,
        ClientSalt = reader.GetString(first + 9),
        WrappedKey = reader.GetString(first + 10),
        Generation = reader.GetInt64(first + 11),
        KeysChangedAt = reader.GetInt64(first + 12),
        Created = new ServerTimestamp(reader.GetInt64(first + 13)),
        TotpSecret = Text(reader, first + 14),
        IsTotpOn = reader.GetInt64(first + 15) != 0,
        TotpStep = reader.GetInt64(first + 16),
        RecoveryCodes = reader.GetString(first + 17),
        RecoveryKey = Text(reader, first + 18),
        RecoveryData = Text(reader, first + 19),
        RecoverySince = reader.GetInt64(first + 20),
        Revision = reader.GetInt64(first + 21),
    };

    public static AccountToken ReadToken(SqliteDataReader reader) => new(reader.GetString(0), (AccountTokenKind)reader.GetInt64(1), reader.GetInt64(2))
    {
        Parent = Text(reader, 3),
        Client = reader.GetString(4),
        Scope = reader.GetString(5),
        Sealed = Text(reader, 6),
        Data = reader.GetString(7),
        Created = new ServerTimestamp(reader.GetInt64(8)),
        Expires = new ServerTimestamp(reader.GetInt64(9)),
        Used = new ServerTimestamp(reader.GetInt64(10)),
        Family = Text(reader, 11),
    };

    /// <summary>The values of all columns that change, in the order <c>verified, salt, wrapped, generation, keys_changed, created, totp, totp_on, totp_step, codes, recovery, recovery_data, recovery_since</c>.</summary>
    public static object?[] ValuesOf(KeyedAccount account) =>
    [
        account.IsEmailVerified ? 1L : 0L, account.ClientSalt, account.WrappedKey, account.Generation, account.KeysChangedAt, account.Created.Milliseconds,
        account.TotpSecret, account.IsTotpOn ? 1L : 0L, account.TotpStep, account.RecoveryCodes, account.RecoveryKey, account.RecoveryData, account.RecoverySince,
    ];

    private static string? Text(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
