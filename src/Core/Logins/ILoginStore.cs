using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Logins;

/// <summary>
/// Where logins lie: beside accounts. Invariants:
/// <list type="number">
/// <item>Each call that writes does all of it or nothing.</item>
/// <item>What is decided from a login as it was read is done only while its revision is still that one.</item>
/// <item>A login of an account whose deletion has begun is not found by its name.</item>
/// <item>A login whose account is gone keeps nobody from its name. Programs that know no logins leave such ones behind.</item>
/// </list>
/// </summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface ILoginStore
{
    /// <param name="name">Of the login, not of its account.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<AccountLogin?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>The login of an account; also of one whose deletion has begun.</summary>
    ValueTask<AccountLogin?> FindByNumberAsync(long account, CancellationToken cancellationToken);

    /// <summary>Makes an account with this login, and without a password of its own; and takes the invitation for it, if there is one.</summary>
    /// <param name="login">Of its account only the name counts.</param>
    /// <param name="invitation">Digest of the invitation that lets the user in, which is spent with it; null for none.</param>
    /// <param name="now">When the account was made.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>As it is stored; null when an account or a login has the name already, or the invitation is not free any more: nothing was made or spent.</returns>
    ValueTask<AccountLogin?> AddAsync(AccountLogin login, string? invitation, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Changes a login while its revision is that which was read. The account itself stays as it is.</summary>
    /// <param name="read">As it was read.</param>
    /// <param name="next">As it is to be. Account, name and revision in it do not count.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>As it is now; null when it is another by then, or its account is gone or going: nothing was changed.</returns>
    ValueTask<AccountLogin?> ChangeAsync(AccountLogin read, AccountLogin next, CancellationToken cancellationToken);

    /// <summary>Removes the login of an account, which itself stays. Can be done again.</summary>
    ValueTask RemoveAsync(long account, CancellationToken cancellationToken);
}
