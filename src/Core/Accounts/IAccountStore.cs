using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Accounts;

/// <summary>Where accounts lie.</summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IAccountStore
{
    ValueTask<Account?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>Keeps other processes from giving or taking this name, until it is disposed.</summary>
    ValueTask<IAsyncDisposable> LockNameAsync(string name, CancellationToken cancellationToken);

    /// <returns>The new account; null when the name is taken.</returns>
    ValueTask<Account?> AddAsync(string name, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken);

    /// <param name="name">The account.</param>
    /// <param name="expected">Only while this is its stamp; null for whatever it is.</param>
    /// <param name="passwordHash">The new hash.</param>
    /// <param name="now">The new stamp, or one above the last if that is later.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account as it is now; null when there is none, it is being deleted, or has another stamp.</returns>
    ValueTask<Account?> ChangePasswordAsync(
        string name, ServerTimestamp? expected, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>First half of a deletion: from here on nobody can sign in, and the name stays taken. Can be done again.</summary>
    /// <param name="name">The account.</param>
    /// <param name="expected">Only while this is its stamp; null for whatever it is.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when there is no such account, or it has another stamp.</returns>
    ValueTask<bool> BeginDeletionAsync(string name, ServerTimestamp? expected, CancellationToken cancellationToken);

    /// <summary>Second half, once the data is gone: forgets the account, and the name on what it left behind.</summary>
    ValueTask EndDeletionAsync(string name, string principal, CancellationToken cancellationToken);

    /// <summary>Accounts in name order, after a name.</summary>
    ValueTask<IReadOnlyList<Account>> ListAsync(string? after, int limit, CancellationToken cancellationToken);

    /// <summary>Accounts whose deletion was begun and not ended.</summary>
    ValueTask<IReadOnlyList<Account>> ListBeingDeletedAsync(CancellationToken cancellationToken);
}
