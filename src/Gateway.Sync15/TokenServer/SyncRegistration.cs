namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Who gets a store that has none yet. Whoever has one is let in whatever it is.</summary>
public enum SyncRegistration
{
    Closed,

    /// <summary>Everybody who has an account at an issuer.</summary>
    Open,

    /// <summary>Accounts and addresses that the settings name, and whoever has an invitation.</summary>
    AllowList,
}
