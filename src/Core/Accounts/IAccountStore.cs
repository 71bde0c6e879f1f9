using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Accounts;

/// <summary>The store of accounts.</summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IAccountStore
{
    ValueTask<Account?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>The numbers of several accounts, at once.</summary>
    /// <returns>The numbers of existing accounts that are not being deleted, by name.</returns>
    ValueTask<IReadOnlyDictionary<string, long>> FindNumbersAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken);

    /// <summary>Needs only the database of the accounts.</summary>
    /// <returns>The new account; null when the name is taken.</returns>
    ValueTask<Account?> AddAsync(string name, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>As <see cref="AddAsync"/>, with an invitation to an account with a password, which is spent: all of it or nothing.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="passwordHash">Its hash.</param>
    /// <param name="invitation">Digest of the invitation.</param>
    /// <param name="now">When the account is made.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The new account; null when the name is taken, or the invitation is spent, over, gone, or for another name or purpose: nothing was done.</returns>
    ValueTask<Account?> AddInvitedAsync(string name, string passwordHash, string invitation, ServerTimestamp now, CancellationToken cancellationToken);

    /// <param name="name">The account.</param>
    /// <param name="expected">
    /// Condition: the account must still be as it was read, with the same number, hash and stamp. The statement that changes it checks this.
    /// Null for no condition.
    /// </param>
    /// <param name="passwordHash">The new hash.</param>
    /// <param name="now">The new stamp, or one above the last if that is later.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account after the change; null when there is none, it is being deleted, or it is not as expected.</returns>
    ValueTask<Account?> ChangePasswordAsync(
        string name, Account? expected, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>First part of a deletion: from now on nobody can sign in, and the name stays taken. Can be repeated.</summary>
    /// <param name="name">The account.</param>
    /// <param name="expected">As of <see cref="ChangePasswordAsync"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account to delete; null when there is none, or it is not as expected.</returns>
    ValueTask<Account?> BeginDeletionAsync(string name, Account? expected, CancellationToken cancellationToken);

    /// <summary>
    /// Second part: marks the account as closed in every database, for good. After this returns, no commit that names the account
    /// succeeds, not even one that was under way; see <see cref="CommitStatus.Closed"/>. Can be repeated.
    /// </summary>
    /// <exception cref="StoreUnavailableException">A database is unreachable; others may have the mark.</exception>
    ValueTask CloseAsync(long number, CancellationToken cancellationToken);

    /// <summary>Disables an account, or enables it again. Changes nothing else of it but the stamp. Can be repeated.</summary>
    /// <param name="number">The account's number.</param>
    /// <param name="isDisabled">What it is to be.</param>
    /// <param name="now">The new stamp, or one above the last if that is later; if nothing changes, the stamp stays.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account after the change; null when there is none, or it is being deleted.</returns>
    ValueTask<Account?> SetDisabledAsync(long number, bool isDisabled, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>As <see cref="CloseAsync"/>, until <see cref="ResumeAsync"/>. Changes nothing of an account that is closed for good. Can be repeated.</summary>
    /// <exception cref="StoreUnavailableException">A database is unreachable; others may have the mark.</exception>
    ValueTask SuspendAsync(long number, CancellationToken cancellationToken);

    /// <summary>Takes back <see cref="SuspendAsync"/>: commits that name the account succeed again, unless it is closed for good. Can be repeated.</summary>
    /// <exception cref="StoreUnavailableException">A database is unreachable; in others the mark may be gone.</exception>
    ValueTask ResumeAsync(long number, CancellationToken cancellationToken);

    /// <summary>Last part, once the data is deleted: removes the account, and its name from the objects that it leaves behind.</summary>
    /// <param name="account">Nothing happens when it is gone, even if another account has its name by now.</param>
    /// <param name="principal">Its principal, as an author.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask EndDeletionAsync(Account account, string principal, CancellationToken cancellationToken);

    /// <summary>Accounts in name order, after a name.</summary>
    ValueTask<IReadOnlyList<Account>> ListAsync(string? after, int limit, CancellationToken cancellationToken);

    /// <summary>Accounts whose deletion was begun and not finished.</summary>
    ValueTask<IReadOnlyList<Account>> ListBeingDeletedAsync(CancellationToken cancellationToken);
}
