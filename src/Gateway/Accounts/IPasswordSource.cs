using Lockstep.Core.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>Names and passwords that users can sign in with. Each kind of account has its own source.</summary>
public interface IPasswordSource
{
    /// <summary>The key under which wrong passwords for a name are counted. Differs from every key of other sources. Empty for an impossible name.</summary>
    string Counted(string name);

    /// <param name="name">As it was given.</param>
    /// <returns>The account with the hash to compare, and the principal that signs in by it; null for none.</returns>
    /// <exception cref="Core.Storage.StoreUnavailableException">The account cannot be read now.</exception>
    ValueTask<(Account Account, Principal Principal)?> FindAsync(string name);

    /// <summary>Stores another hash of the same password, if the account is still as it was read.</summary>
    /// <returns>The account after the change; null when it had changed by then, is gone, or is of a kind whose hash is never replaced.</returns>
    /// <exception cref="Core.Storage.StoreUnavailableException">Whether anything was changed is unknown.</exception>
    ValueTask<Account?> ReplaceAsync(Account read, string passwordHash) => ValueTask.FromResult<Account?>(null);
}
