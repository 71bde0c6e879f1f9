namespace Lockstep.Core.Accounts;

/// <summary>
/// Counts wrong passwords, by account and address and by address alone. Not by account alone: anybody could then lock
/// somebody else out. Counts of all gateways together in a server, of the process in commands.
/// </summary>
public interface ISignInThrottle
{
    /// <summary>Begins a try, which counts until it has ended, so that many at once are not all let through.</summary>
    /// <returns>How long to wait before the next try; zero when this one may be made, and then is ended.</returns>
    /// <exception cref="Storage.StoreUnavailableException">The counts are not to be had.</exception>
    ValueTask<TimeSpan> BeginAsync(string account, string address, CancellationToken cancellationToken);

    /// <summary>Ends a try. When it was right, what failed before for this account from this address is forgotten.</summary>
    /// <exception cref="Storage.StoreUnavailableException">The counts are not to be had.</exception>
    ValueTask EndAsync(string account, string address, bool right);
}
