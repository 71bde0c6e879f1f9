namespace Lockstep.Gateway.Sync15;

/// <summary>What a token says. It is signed, and readable for whoever has it.</summary>
/// <param name="Uid">The number of the user's storage.</param>
/// <param name="Expires">Seconds since the epoch at which it ends.</param>
/// <param name="Salt">Makes the key of each token another one.</param>
public sealed record SyncToken(long Uid, decimal Expires, string Salt)
{
    /// <summary>URL of the server that it is for, without what follows the host and prefix; empty for none.</summary>
    public string Node { get; init; } = "";

    /// <summary>The account's id at its issuer; empty for none.</summary>
    public string AccountId { get; init; } = "";

    /// <summary>Names the key with which the user's data is encrypted; empty for none.</summary>
    public string KeyId { get; init; } = "";

    /// <summary>The account's id as measurements may have it; empty for none.</summary>
    public string HashedAccountId { get; init; } = "";

    /// <summary>The same of the device; empty for none.</summary>
    public string HashedDeviceId { get; init; } = "";

    /// <summary>Bytes that the user may store, 0 for no limit; null for what the settings of the storage say.</summary>
    public long? QuotaBytes { get; init; }
}
