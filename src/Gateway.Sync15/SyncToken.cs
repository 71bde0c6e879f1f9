namespace Lockstep.Gateway.Sync15;

/// <summary>The contents of a token. It is signed, and anybody who has it can read it.</summary>
/// <param name="Uid">The number of the user's storage.</param>
/// <param name="Expires">When it expires, in seconds since the epoch.</param>
/// <param name="Salt">Makes the key of each token different.</param>
public sealed record SyncToken(long Uid, decimal Expires, string Salt)
{
    /// <summary>URL of the server that it is for, host and prefix only; empty for none.</summary>
    public string Node { get; init; } = "";

    /// <summary>The account's id at its issuer; empty for none.</summary>
    public string AccountId { get; init; } = "";

    /// <summary>Names the key with which the user's data is encrypted; empty for none.</summary>
    public string KeyId { get; init; } = "";

    /// <summary>The account's id for measurements; empty for none.</summary>
    public string HashedAccountId { get; init; } = "";

    /// <summary>The device's id for measurements; empty for none.</summary>
    public string HashedDeviceId { get; init; } = "";

    /// <summary>Bytes that the user may store, 0 for no limit; null for the limit of the storage's settings.</summary>
    public long? QuotaBytes { get; init; }
}
