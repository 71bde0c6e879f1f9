using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Sessions;

/// <summary>
/// Sessions of accounts, beside the accounts. A session of an account that is disabled, or whose deletion has begun, is not found. Each call that writes does all of it or nothing.
/// </summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface ISessionStore
{
    /// <summary>Adds a session. If the account then has more than <paramref name="most"/>, the oldest ones are removed.</summary>
    ValueTask AddAsync(AccountSession session, int most, CancellationToken cancellationToken);

    /// <returns>Null when there is no such session, it has expired, or its account is gone, disabled or being deleted.</returns>
    ValueTask<AccountSession?> FindAsync(string digest, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Ends a session; does nothing if it is gone.</summary>
    ValueTask RemoveAsync(string digest, CancellationToken cancellationToken);

    /// <summary>Ends all sessions of an account but one.</summary>
    /// <param name="account">Number of the account.</param>
    /// <param name="except">Digest of the one that stays; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask RemoveAllAsync(long account, string? except, CancellationToken cancellationToken);

    /// <summary>Removes some sessions that have expired.</summary>
    /// <returns>Whether there may be more.</returns>
    ValueTask<bool> PurgeAsync(ServerTimestamp now, int limit, CancellationToken cancellationToken);
}
