namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>What opens an endpoint.</summary>
[Flags]
internal enum AccountAccess
{
    /// <summary>Nothing is looked at.</summary>
    Anybody = 0,
    Session = 1,

    /// <summary>With <see cref="Session"/>: one that has shown all that it must.</summary>
    Verified = 2,
    KeyFetch = 4,
    PasswordChange = 8,
    Reset = 16,
    Refresh = 32,

    /// <summary>None is needed; one that comes must be good.</summary>
    Optional = 64,
}
