namespace Lockstep.Gateway.Accounts;

public enum SignInStatus
{
    /// <summary>No credentials were sent.</summary>
    Anonymous,

    Succeeded,

    /// <summary>The credentials are wrong, or of a kind that is not known here.</summary>
    Refused,

    /// <summary>Too many wrong ones before; these were not looked at.</summary>
    Throttled,

    /// <summary>Too many sign-ins are being verified at the moment.</summary>
    Busy,
}
