namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Who gets a new store. Users who have one are always let in.</summary>
public enum SyncRegistration
{
    Closed,

    /// <summary>Everybody who has an account at an issuer.</summary>
    Open,

    /// <summary>Accounts and addresses that the settings name, and users with an invitation.</summary>
    AllowList,
}
