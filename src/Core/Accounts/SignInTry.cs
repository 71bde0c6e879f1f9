namespace Lockstep.Core.Accounts;

/// <summary>One try to sign in.</summary>
/// <param name="Id">Unique to this try, so that its end does not take back another's.</param>
/// <param name="Account">The given name; empty for a name that no account can have.</param>
/// <param name="Address">The address that it comes from.</param>
public sealed record SignInTry(Guid Id, string Account, string Address)
{
    /// <summary>Its own limits, for tries that are not counted like passwords; always the same for an account and address. Their window is at most <see cref="SignInLimits.MaxOwnWindow"/>. Null for the throttle's limits.</summary>
    public SignInLimits? Limits { get; init; }
}
