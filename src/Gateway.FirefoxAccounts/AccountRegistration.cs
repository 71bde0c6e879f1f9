namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>Who may make an account.</summary>
public enum AccountRegistration
{
    /// <summary>Only somebody on this machine who connects to a loopback address directly.</summary>
    Auto,
    Closed,
    Open,

    /// <summary>Anybody with an invitation.</summary>
    Invitation,

    /// <summary>Owners of addresses that the settings name, and anybody with an invitation.</summary>
    AllowList,
}
