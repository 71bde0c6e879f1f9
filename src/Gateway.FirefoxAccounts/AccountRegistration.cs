namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>Who may make an account.</summary>
public enum AccountRegistration
{
    /// <summary>Only somebody on this machine who talks to a loopback address directly.</summary>
    Auto,
    Closed,
    Open,

    /// <summary>Whoever has an invitation.</summary>
    Invitation,

    /// <summary>Addresses that the settings name, and whoever has an invitation.</summary>
    AllowList,
}
