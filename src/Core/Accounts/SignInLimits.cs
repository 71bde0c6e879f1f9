namespace Lockstep.Core.Accounts;

/// <summary>How many wrong passwords are allowed.</summary>
/// <param name="Failures">For one account from one address.</param>
/// <param name="FailuresPerAddress">From one address, whatever the account.</param>
/// <param name="Window">How long a failure counts at most, which is also the longest wait.</param>
public sealed record SignInLimits(int Failures, int FailuresPerAddress, TimeSpan Window)
{
    /// <summary>The longest window of a try with its own limits, unless that of passwords is longer. Counts are kept for this time.</summary>
    public static readonly TimeSpan MaxOwnWindow = TimeSpan.FromDays(1);
}
