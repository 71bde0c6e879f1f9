namespace Lockstep.Core.Accounts;

/// <summary>A try to sign in.</summary>
/// <param name="Id">Of this try alone, so that its end takes back no other's.</param>
/// <param name="Account">Name that was given; empty for one that no account can have.</param>
/// <param name="Address">Where it comes from.</param>
public sealed record SignInTry(Guid Id, string Account, string Address)
{
    /// <summary>Limits of its own, for what is not counted as passwords are; always the same for an account and address. Their window is <see cref="SignInLimits.MaxOwnWindow"/> at most. Null for the throttle's.</summary>
    public SignInLimits? Limits { get; init; }
}
