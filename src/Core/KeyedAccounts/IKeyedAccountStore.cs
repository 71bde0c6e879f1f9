using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.KeyedAccounts;

/// <summary>
/// Accounts whose password guards a key, what opens them, and their devices. Lies where accounts lie. Invariants:
/// <list type="number">
/// <item>Each call that writes does all of it or nothing, in one transaction, and those of one account come one after the other.</item>
/// <item>What is decided from an account as it was read is done only while its hash, or its revision, is still that one.</item>
/// <item>An account whose deletion has begun is not found, and neither are its tokens.</item>
/// </list>
/// </summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IKeyedAccountStore
{
    /// <param name="name">The address in lower case.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<KeyedAccount?> FindAsync(string name, CancellationToken cancellationToken);

    ValueTask<KeyedAccount?> FindByUidAsync(string uid, CancellationToken cancellationToken);

    /// <summary>Also one whose deletion has begun.</summary>
    ValueTask<KeyedAccount?> FindByNumberAsync(long account, CancellationToken cancellationToken);

    /// <summary>Makes an account, with tokens of its own; and takes the invitation for it, if there is one.</summary>
    /// <param name="account">The number in it does not count. The invitation must be good when it was made.</param>
    /// <param name="tokens">Nor in these.</param>
    /// <param name="invitation">Digest of the invitation that lets the user in, which is spent with it; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>As it is stored; null when the name is taken, by whatever account, or the invitation is not free any more: nothing was made or spent.</returns>
    ValueTask<KeyedAccount?> AddAsync(KeyedAccount account, IReadOnlyList<AccountToken> tokens, string? invitation, CancellationToken cancellationToken);

    /// <summary>Changes an account while its revision is that which was read.</summary>
    /// <param name="read">As it was read.</param>
    /// <param name="next">As it is to be, hash included. Number, name, uid and revision in it do not count.</param>
    /// <param name="sweep">What goes with it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>As it is now; null when it is another by then, or gone: nothing was changed.</returns>
    ValueTask<KeyedAccount?> ChangeAsync(KeyedAccount read, KeyedAccount next, AccountSweep sweep, CancellationToken cancellationToken);

    /// <summary>Removes the account's row, tokens, devices and commands. The account itself stays. Can be done again.</summary>
    ValueTask RemoveAsync(long account, CancellationToken cancellationToken);

    /// <returns>Null when there is none, it is over, or its account or the token that it came from is gone.</returns>
    ValueTask<FoundToken?> FindTokenAsync(string digest, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>
    /// Gives out tokens while the account has the hash that was read, and those are there that they come from. Where it has more of a kind then than
    /// <see cref="AccountTokenLimits"/> says, others of that kind go, with what came from them.
    /// </summary>
    /// <param name="account">As it was read.</param>
    /// <param name="tokens">All of this account.</param>
    /// <param name="inPlaceOf">Digest of a token that is taken for them, and only once; its device is the first one's then. Null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False: nothing was done.</returns>
    ValueTask<bool> AddTokensAsync(KeyedAccount account, IReadOnlyList<AccountToken> tokens, string? inPlaceOf, CancellationToken cancellationToken);

    /// <summary>Ends a token, with what came from it and its device.</summary>
    /// <returns>False when it was not there.</returns>
    ValueTask<bool> RemoveTokenAsync(long account, string digest, CancellationToken cancellationToken);

    /// <summary>Ends a session or refresh token and all others of its <see cref="AccountToken.Family"/>, with what came from them and their devices.</summary>
    /// <returns>False when it was not there, or is of another kind: nothing was done.</returns>
    ValueTask<bool> RemoveFamilyAsync(long account, string digest, CancellationToken cancellationToken);

    /// <summary>Changes what belongs to a token, while it is as it was read.</summary>
    /// <returns>False when it is not.</returns>
    ValueTask<bool> ChangeTokenAsync(AccountToken read, string data, CancellationToken cancellationToken);

    /// <summary>Changes what belongs to some tokens of one account, while all of them are as they were read.</summary>
    /// <returns>False when one is not: nothing was done.</returns>
    ValueTask<bool> ChangeTokensAsync(IReadOnlyList<(AccountToken Read, string Data)> changes, CancellationToken cancellationToken);

    /// <summary>Notes that a token was used, and how long it counts from then on.</summary>
    ValueTask TouchTokenAsync(string digest, ServerTimestamp used, ServerTimestamp expires, CancellationToken cancellationToken);

    /// <summary>The account's tokens of some kinds that count, in the order in which they were made.</summary>
    ValueTask<IReadOnlyList<AccountToken>> ListTokensAsync(long account, IReadOnlyList<AccountTokenKind> kinds, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Adds a device or changes it. A device that its token had before goes.</summary>
    /// <returns>False when its token is gone, or the id is another account's.</returns>
    ValueTask<bool> PutDeviceAsync(AccountDevice device, CancellationToken cancellationToken);

    /// <summary>In the order in which they were made.</summary>
    ValueTask<IReadOnlyList<AccountDevice>> ListDevicesAsync(long account, CancellationToken cancellationToken);

    /// <summary>Adds a command for a device.</summary>
    /// <param name="account">Number of the account.</param>
    /// <param name="device">Id of the device.</param>
    /// <param name="data">As the sender gave it.</param>
    /// <param name="most">Commands that may wait for a device; the oldest goes.</param>
    /// <param name="mostBytes">UTF-8 bytes that may wait for all devices of the account; the oldest go.</param>
    /// <param name="expires">From then on it is as if it were not there.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when the account has no such device.</returns>
    ValueTask<bool> AddCommandAsync(long account, string device, string data, int most, long mostBytes, ServerTimestamp expires, CancellationToken cancellationToken);

    /// <summary>Commands for a device from a number on, in order.</summary>
    ValueTask<IReadOnlyList<DeviceCommand>> ListCommandsAsync(string device, long from, int limit, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Removes tokens and commands that are over, some at a time.</summary>
    /// <returns>Whether there may be more.</returns>
    ValueTask<bool> PurgeTokensAsync(ServerTimestamp now, int limit, CancellationToken cancellationToken);

    /// <summary>Keys that the server signs with, the newest first.</summary>
    ValueTask<IReadOnlyList<ServerKey>> ListServerKeysAsync(CancellationToken cancellationToken);

    /// <summary>Adds a key, where the newest one is that which was read.</summary>
    /// <param name="key">The key.</param>
    /// <param name="newest">Id of the newest one; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when somebody else was first.</returns>
    ValueTask<bool> AddServerKeyAsync(ServerKey key, string? newest, CancellationToken cancellationToken);

    /// <summary>Removes a key; does nothing where it is gone.</summary>
    ValueTask RemoveServerKeyAsync(string id, CancellationToken cancellationToken);
}
