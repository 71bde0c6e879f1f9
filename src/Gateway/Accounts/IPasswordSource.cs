using Lockstep.Core.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>Names and passwords that somebody can sign in with. Each source has its own.</summary>
public interface IPasswordSource
{
    /// <summary>What wrong passwords for a name are counted under: no text of another source's. Empty for a name that nobody can have.</summary>
    string Counted(string name);

    /// <param name="name">As it was given.</param>
    /// <returns>The account, with the hash that the password is compared with, and who signs in by it; null for none.</returns>
    /// <exception cref="Core.Storage.StoreUnavailableException">It cannot be said now.</exception>
    ValueTask<(Account Account, Principal Principal)?> FindAsync(string name);

    /// <summary>Keeps another hash of the same password, while the account is as it was read.</summary>
    /// <returns>The account as it is now; null when it was another by then, is gone, or has none that is ever replaced.</returns>
    /// <exception cref="Core.Storage.StoreUnavailableException">Nothing was changed, or perhaps.</exception>
    ValueTask<Account?> ReplaceAsync(Account read, string passwordHash) => ValueTask.FromResult<Account?>(null);
}
