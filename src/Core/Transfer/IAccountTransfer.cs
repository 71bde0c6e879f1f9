using Lockstep.Core.Assignments;
using Lockstep.Core.Time;

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

    /// <summary>Adds an account and holds it back. One that is held back already loses what was added to it before.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="passwordHash">The hash that it gets when it is opened.</param>
    /// <param name="modified">Its last change.</param>
    /// <param name="since">When it was made.</param>
    /// <param name="isDisabled">Whether it is disabled, and stays so when it is opened.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Its number; null when the name is somebody's.</returns>
    ValueTask<long?> HoldAccountAsync(string name, string passwordHash, ServerTimestamp modified, ServerTimestamp since, bool isDisabled, CancellationToken cancellationToken);

    /// <summary>Adds a row of an account that is held back.</summary>
    /// <param name="table">One of <see cref="KeyedAccounts.KeyedAccountTables"/> with a column <c>account</c>.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="account">The number of the account.</param>
    /// <param name="row">The values, of which that of the column <c>account</c> does not count.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when another row has its key.</returns>
    ValueTask<bool> AddAsync(string table, IReadOnlyList<string> columns, long account, IReadOnlyList<object?> row, CancellationToken cancellationToken);

    /// <summary>Gives a user a store on this server and holds it back. A store of this user that is held back already stays, with these keys and this quota.</summary>
    /// <param name="store">The store. Its number does not count.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Its number; null when the user has a store here, or had one.</returns>
    ValueTask<long?> HoldStoreAsync(Assignment store, CancellationToken cancellationToken);

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
