namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>Whether accounts are served.</summary>
public enum AccountServerMode
{
    /// <summary>Where the server is for this machine alone: SQLite, loopback addresses only, no public URL, path base or proxy, no secrets or issuer of Sync.</summary>
    Auto,
    On,
    Off,
}
