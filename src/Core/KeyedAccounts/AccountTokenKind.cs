namespace Lockstep.Core.KeyedAccounts;

/// <summary>What a token opens. Stored as its number, so never change one.</summary>
public enum AccountTokenKind
{
    /// <summary>Signs a device in.</summary>
    Session = 1,

    /// <summary>Fetches the keys, once.</summary>
    KeyFetch = 2,

    /// <summary>Finishes a change of the password that was begun with the old one.</summary>
    PasswordChange = 3,

    /// <summary>Sets a new password in place of a forgotten one.</summary>
    Reset = 4,

    /// <summary>Mailed to prove an address, for a session.</summary>
    VerifyCode = 5,

    /// <summary>Mailed to a user who forgot the password.</summary>
    ResetCode = 6,

    /// <summary>Given by the operator to a user who forgot the password.</summary>
    ResetLink = 7,

    /// <summary>Exchanged by a client for tokens of its own, once.</summary>
    Code = 8,

    /// <summary>Gets a client access tokens.</summary>
    Refresh = 9,

    /// <summary>Opens what its scopes name.</summary>
    Access = 10,

    /// <summary>A password for one client.</summary>
    AppPassword = 11,

    /// <summary>Fetches a copy of all data, once.</summary>
    Export = 12,
}
