using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Accounts;

/// <summary>Where accounts lie.</summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IAccountStore
{
    ValueTask<Account?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>The numbers of several accounts, at once.</summary>
    /// <returns>Of those that are there and not being deleted, by name.</returns>
    ValueTask<IReadOnlyDictionary<string, long>> FindNumbersAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken);

    /// <summary>Needs no database but the one that accounts lie in.</summary>
    /// <returns>The new account; null when the name is taken.</returns>
    ValueTask<Account?> AddAsync(string name, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken);

    /// <param name="name">The account.</param>
    /// <param name="expected">
    /// Only while it is as it was read: the same account, with this hash and this stamp, judged by the statement that changes it.
    /// Null for whatever it is.
    /// </param>
    /// <param name="passwordHash">The new hash.</param>
    /// <param name="now">The new stamp, or one above the last if that is later.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account as it is now; null when there is none, it is being deleted, or it is not as expected.</returns>
    ValueTask<Account?> ChangePasswordAsync(
        string name, Account? expected, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>First part of a deletion: from here on nobody can sign in, and the name stays taken. Can be done again.</summary>
    /// <param name="name">The account.</param>
    /// <param name="expected">As of <see cref="ChangePasswordAsync"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account that goes; null when there is none, or it is not as expected.</returns>
    ValueTask<Account?> BeginDeletionAsync(string name, Account? expected, CancellationToken cancellationToken);

    /// <summary>
    /// Second part: marks the account as closed in every database, for good. Once this has ended, no commit that names the account
    /// is done any more, also none that was under way; see <see cref="CommitStatus.Closed"/>. Can be done again.
    /// </summary>
    /// <exception cref="StoreUnavailableException">A database is away; others may have the mark.</exception>
    ValueTask CloseAsync(long number, CancellationToken cancellationToken);

    /// <summary>Last part, once the data is gone: forgets the account, and the name on what it left behind.</summary>
    /// <param name="account">Nothing happens when it is gone, whoever has its name by now.</param>
    /// <param name="principal">What it is called as an author.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask EndDeletionAsync(Account account, string principal, CancellationToken cancellationToken);

    /// <summary>Accounts in name order, after a name.</summary>
    ValueTask<IReadOnlyList<Account>> ListAsync(string? after, int limit, CancellationToken cancellationToken);

    /// <summary>Accounts whose deletion was begun and not ended.</summary>
    ValueTask<IReadOnlyList<Account>> ListBeingDeletedAsync(CancellationToken cancellationToken);
}
