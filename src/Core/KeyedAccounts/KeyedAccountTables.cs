namespace Lockstep.Core.KeyedAccounts;

/// <summary>The tables of accounts with a key or a login, of quotas, and of push subscriptions, which both engines have in the same form. So one database can be moved to another, row by row.</summary>
public static class KeyedAccountTables
{
    /// <summary>Tables with their columns. A question mark in front of a column's name marks a Boolean.</summary>
    public static IReadOnlyList<(string Table, IReadOnlyList<string> Columns)> All { get; } =
    [
        ("keyed_accounts",
        [
            "account", "uid", "email", "?verified", "salt", "wrapped", "generation", "keys_changed", "created", "totp", "?totp_on", "totp_step", "codes", "recovery", "recovery_data", "recovery_since", "revision",
        ]),
        ("account_tokens", ["digest", "kind", "account", "parent", "client", "scope", "sealed", "data", "created", "expires", "used", "family"]),
        ("account_devices", ["id", "account", "token", "data", "created"]),
        ("device_commands", ["number", "account", "device", "data", "expires"]),
        ("server_keys", ["id", "created", "sealed"]),
        ("account_logins", ["account", "name", "password", "email", "quota", "reset", "reset_expires", "revision"]),
        ("quotas", ["subject", "bytes", "records", "modified"]),
        ("push_subscriptions", ["owner", "id", "bucket", "collection", "path", "endpoint", "p256dh", "auth", "modified", "told", "due", "tries"]),
    ];
}
