namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>Whether accounts are served.</summary>
public enum AccountServerMode
{
    /// <summary>On if the server is for this machine alone: SQLite, loopback addresses only, no public URL, path base or proxy, and no secrets or issuer of Sync.</summary>
    Auto,
    On,
    Off,
}
