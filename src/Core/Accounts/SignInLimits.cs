namespace Lockstep.Core.Accounts;

/// <summary>How many wrong passwords are taken.</summary>
/// <param name="Failures">For one account from one address.</param>
/// <param name="FailuresPerAddress">From one address, whatever the account.</param>
/// <param name="Window">How long a failure counts at most, and so the longest wait.</param>
public sealed record SignInLimits(int Failures, int FailuresPerAddress, TimeSpan Window)
{
    /// <summary>The longest window of a try with limits of its own, unless that of passwords is longer: so long a count is kept.</summary>
    public static readonly TimeSpan MaxOwnWindow = TimeSpan.FromDays(1);
}
