namespace Lockstep.Core.Accounts;

/// <summary>
/// Counts wrong passwords, by account and address, and by address alone. It does not count by account alone, because anybody could then lock
/// somebody else out. In a server the counts are those of all gateways together; in commands, those of the process. Invariants:
/// <list type="number">
/// <item>At most as many tries as the limit fail in one window: undecided tries count with the failed ones.</item>
/// <item>Only failures make anybody wait for long. A try that succeeds, or never ends, leaves nothing behind; at the latest after
/// <see cref="UndecidedTries.Longest"/>.</item>
/// </list>
/// </summary>
public interface ISignInThrottle
{
    /// <summary>Begins a try, which counts until it has ended, so that many concurrent tries are not all let through.</summary>
    /// <returns>Whether the try may be made. Only an allowed try is ended.</returns>
    /// <exception cref="Storage.StoreUnavailableException">The counts are unavailable; nothing has begun.</exception>
    ValueTask<SignInPermit> BeginAsync(SignInTry attempt, CancellationToken cancellationToken);

    /// <summary>Ends a try.</summary>
    /// <exception cref="Storage.StoreUnavailableException">The counts are unavailable. A failure may not have been counted.</exception>
    ValueTask EndAsync(SignInTry attempt, SignInVerdict verdict);
}
