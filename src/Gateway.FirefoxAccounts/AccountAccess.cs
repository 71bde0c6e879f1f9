namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>The credentials that an endpoint accepts.</summary>
[Flags]
internal enum AccountAccess
{
    /// <summary>No credential is read.</summary>
    Anybody = 0,
    Session = 1,

    /// <summary>With <see cref="Session"/>: the account's address and the session must be verified.</summary>
    Verified = 2,
    KeyFetch = 4,
    PasswordChange = 8,
    Reset = 16,
    Refresh = 32,

    /// <summary>A credential may be missing. One that is sent must be good.</summary>
    Optional = 64,
}
