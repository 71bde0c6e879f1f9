using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>The outcome of a sign-in.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Principal">The user, when it succeeded.</param>
/// <param name="RetryAfter">How long to wait, when there were too many failures.</param>
public readonly record struct SignIn(SignInStatus Status, Principal? Principal = null, TimeSpan RetryAfter = default)
{
    /// <summary>Whether a password was verified for it just now, and not for an earlier request.</summary>
    public bool WasVerified { get; init; }

    public static readonly SignIn Anonymous = new(SignInStatus.Anonymous);
    public static readonly SignIn Refused = new(SignInStatus.Refused);
}
