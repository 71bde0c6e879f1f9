namespace Lockstep.Gateway.Accounts;

/// <summary>How a sign-in ended.</summary>
public enum SignInStatus
{
    /// <summary>No credentials were sent.</summary>
    Anonymous,

    Succeeded,

    /// <summary>The credentials are wrong, or of an unknown kind.</summary>
    Refused,

    /// <summary>Too many wrong credentials came before; these were not checked.</summary>
    Throttled,

    /// <summary>Too many sign-ins are being verified at the moment.</summary>
    Busy,
}
