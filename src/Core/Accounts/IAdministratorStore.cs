using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Accounts;

/// <summary>
/// Which accounts are marked as administrators, and the links that let somebody make the first one. It is in the database of the accounts.
/// </summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IAdministratorStore
{
    /// <summary>Whether an account is marked that is not being deleted.</summary>
    ValueTask<bool> AnyAsync(CancellationToken cancellationToken);

    /// <summary>Adds a link. If there are then more than <paramref name="most"/>, the oldest ones are removed.</summary>
    /// <param name="digest">SHA-256 of its secret, hex.</param>
    /// <param name="now">When it is made.</param>
    /// <param name="expires">From then on it counts as absent.</param>
    /// <param name="most">1 replaces all earlier ones.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask AddLinkAsync(string digest, ServerTimestamp now, ServerTimestamp expires, int most, CancellationToken cancellationToken);

    /// <summary>Whether a link is valid.</summary>
    ValueTask<bool> HasLinkAsync(string digest, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Makes an account that is marked, and removes all links: all of it or nothing.</summary>
    /// <param name="digest">Of a link.</param>
    /// <param name="name">The account's name.</param>
    /// <param name="passwordHash">As <see cref="PasswordHash"/> writes it.</param>
    /// <param name="now">When it is made.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The new account; null when the link is not valid or the name is taken: nothing was done.</returns>
    ValueTask<Account?> UseLinkAsync(string digest, string name, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken);
}
