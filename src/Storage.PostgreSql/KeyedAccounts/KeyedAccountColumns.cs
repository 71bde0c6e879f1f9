using Lockstep.Core.Accounts;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.KeyedAccounts;

/// <summary>The columns of accounts with a key and of their tokens, in the one order that all statements use.</summary>
internal static class KeyedAccountColumns
{
    public const string Names =
        "a.number, a.name, a.password, a.modified, a.deleting, a.since, k.uid, k.email, k.verified, k.salt, k.wrapped, k.generation, k.keys_changed, k.created, k.totp, "
        + "k.totp_on, k.totp_step, k.codes, k.recovery, k.recovery_data, k.recovery_since, k.revision, a.disabled";

    public const string TokenNames = "t.digest, t.kind, t.account, t.parent, t.client, t.scope, t.sealed, t.data, t.created, t.expires, t.used, t.family";
    public const int TokenCount = 12;

    public static KeyedAccount Read(NpgsqlDataReader reader, int first) => new(
        new Account(
            reader.GetInt64(first), reader.GetString(first + 1), reader.GetString(first + 2), new ServerTimestamp(reader.GetInt64(first + 3)), reader.GetBoolean(first + 4))
        {
            Since = new ServerTimestamp(reader.GetInt64(first + 5)),
            IsDisabled = reader.GetBoolean(first + 22),
        },
        reader.GetString(first + 6),
        reader.GetString(first + 7))
    {
        IsEmailVerified = reader.GetBoolean(first + 8),
        ClientSalt = reader.GetString(first + 9),
        WrappedKey = reader.GetString(first + 10),
        Generation = reader.GetInt64(first + 11),
        KeysChangedAt = reader.GetInt64(first + 12),
        Created = new ServerTimestamp(reader.GetInt64(first + 13)),
        TotpSecret = Text(reader, first + 14),
        IsTotpOn = reader.GetBoolean(first + 15),
        TotpStep = reader.GetInt64(first + 16),
        RecoveryCodes = reader.GetString(first + 17),
        RecoveryKey = Text(reader, first + 18),
        RecoveryData = Text(reader, first + 19),
        RecoverySince = reader.GetInt64(first + 20),
        Revision = reader.GetInt64(first + 21),
    };

    public static AccountToken ReadToken(NpgsqlDataReader reader) => new(reader.GetString(0), (AccountTokenKind)reader.GetInt32(1), reader.GetInt64(2))
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

    /// <summary>All columns that change, in the order <c>verified, salt, wrapped, generation, keys_changed, created, totp, totp_on, totp_step, codes, recovery, recovery_data, recovery_since</c>.</summary>
    public static void Add(ParameterList parameters, KeyedAccount account)
    {
        parameters.Add(account.IsEmailVerified);
        parameters.AddText(account.ClientSalt);
        parameters.AddText(account.WrappedKey);
        parameters.Add(account.Generation);
        parameters.Add(account.KeysChangedAt);
        parameters.Add(account.Created.Milliseconds);
        parameters.AddText(account.TotpSecret);
        parameters.Add(account.IsTotpOn);
        parameters.Add(account.TotpStep);
        parameters.AddText(account.RecoveryCodes);
        parameters.AddText(account.RecoveryKey);
        parameters.AddText(account.RecoveryData);
        parameters.Add(account.RecoverySince);
    }

    /// <summary>Adds eleven arrays, as in <see cref="TokenNames"/> without the account.</summary>
    public static void Add(ParameterList parameters, IReadOnlyList<AccountToken> tokens)
    {
        parameters.AddText(tokens, static token => token.Digest);
        parameters.Add(tokens, static token => (int)token.Kind);
        parameters.AddText(tokens, static token => token.Parent);
        parameters.AddText(tokens, static token => token.Client);
        parameters.AddText(tokens, static token => token.Scope);
        parameters.AddText(tokens, static token => token.Sealed);
        parameters.AddText(tokens, static token => token.Data);
        parameters.Add(tokens, static token => token.Created.Milliseconds);
        parameters.Add(tokens, static token => token.Expires.Milliseconds);
        parameters.Add(tokens, static token => token.Used.Milliseconds);
        parameters.AddText(tokens, static token => token.Family);
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
