using Lockstep.Core.Assignments;

namespace Lockstep.Core.Transfer;

/// <summary>
/// Reads what belongs to accounts, to write it elsewhere, and takes it over. What is taken over is held back until <see cref="OpenAsync(CancellationToken)"/>: nobody signs in with it, and no
/// token or device of it counts.
/// </summary>
/// <remarks>All calls throw <see cref="Storage.StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IAccountTransfer
{
    /// <summary>Stands in front of the hash of an account, and of the issuer of a store, while they are held back.</summary>
    const string Held = "importing:";

    /// <summary>Rows of an account in one of <see cref="KeyedAccounts.KeyedAccountTables"/>, in the order of their first column.</summary>
    ValueTask<IReadOnlyList<object?[]>> ReadAsync(string table, IReadOnlyList<string> columns, long account, CancellationToken cancellationToken);

    /// <summary>Makes the caller the only one who takes anything over into this store, or repairs it, until the result is disposed.</summary>
    /// <returns>Null while somebody else does.</returns>
    ValueTask<IAsyncDisposable?> TryLockAsync(CancellationToken cancellationToken);

    /// <summary>Adds accounts in one transaction and holds them back. One that is held back already loses what was added to it before.</summary>
    /// <param name="accounts">The accounts. No name comes twice.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Their numbers by name. A name that is somebody's is missing.</returns>
    ValueTask<IReadOnlyDictionary<string, long>> HoldAccountsAsync(IReadOnlyList<HeldAccount> accounts, CancellationToken cancellationToken);

    /// <summary>Adds rows of accounts that are held back, all in one transaction.</summary>
    /// <returns>Null when they were added. Otherwise none was added, and another row has the key of the one at this index.</returns>
    ValueTask<int?> AddAsync(IReadOnlyList<HeldRow> rows, CancellationToken cancellationToken);

    /// <summary>Gives users stores on this server in one transaction and holds them back. A store of a user that is held back already stays, with these keys and this quota.</summary>
    /// <param name="stores">The stores. Their numbers do not count. No user comes twice.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The number of each; null where the user has a store here, or had one.</returns>
    ValueTask<IReadOnlyList<long?>> HoldStoresAsync(IReadOnlyList<Assignment> stores, CancellationToken cancellationToken);

    /// <summary>The numbers of several accounts, held back ones only.</summary>
    ValueTask<IReadOnlyDictionary<string, long>> FindHeldAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken);

    /// <summary>The number of a user's store that is held back; null for none.</summary>
    ValueTask<long?> FindHeldAsync(UserIdentity user, CancellationToken cancellationToken);

    /// <summary>Whether anything is held back, by an import that has not ended.</summary>
    ValueTask<bool> HasHeldAsync(CancellationToken cancellationToken);

    /// <summary>How many accounts and stores are held back.</summary>
    ValueTask<(long Accounts, long Stores)> CountHeldAsync(CancellationToken cancellationToken);

    /// <summary>Removes everything that is held back; buckets stay. Not beside another import.</summary>
    ValueTask DropAsync(CancellationToken cancellationToken);

    /// <summary>Opens everything that is held back, in one transaction.</summary>
    ValueTask OpenAsync(CancellationToken cancellationToken);

    /// <summary>Opens one store that is held back.</summary>
    ValueTask OpenAsync(UserIdentity user, CancellationToken cancellationToken);
}
