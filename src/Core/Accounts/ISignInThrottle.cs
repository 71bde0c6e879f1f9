namespace Lockstep.Core.Accounts;

/// <summary>
/// Counts wrong passwords, by account and address and by address alone. Not by account alone: anybody could then lock
/// somebody else out. Counts of all gateways together in a server, of the process in commands. Invariants:
/// <list type="number">
/// <item>More tries than the limit are never wrong in one window: those under way are counted with those that failed.</item>
/// <item>Only failures make anybody wait for long. A try that is right, or comes to no end, leaves nothing behind; at the latest after
/// <see cref="UndecidedTries.Longest"/>.</item>
/// </list>
/// </summary>
public interface ISignInThrottle
{
    /// <summary>Begins a try, which counts until it has ended, so that many at once are not all let through.</summary>
    /// <returns>Whether it may be made. Only one that may is ended.</returns>
    /// <exception cref="Storage.StoreUnavailableException">The counts are not to be had; nothing has begun.</exception>
    ValueTask<SignInPermit> BeginAsync(SignInTry attempt, CancellationToken cancellationToken);

    /// <summary>Ends a try.</summary>
    /// <exception cref="Storage.StoreUnavailableException">The counts are not to be had. A failure may not have been counted.</exception>
    ValueTask EndAsync(SignInTry attempt, SignInVerdict verdict);
}
