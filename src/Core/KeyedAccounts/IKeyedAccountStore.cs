using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.KeyedAccounts;

/// <summary>
/// Accounts whose password guards a key, the tokens that open them, and their devices. It is in the database of the accounts. Invariants:
/// <list type="number">
/// <item>Each call that writes does all of it or nothing, in one transaction. Writes to one account happen one after the other.</item>
/// <item>A change that was decided from an account as it was read is done only while its hash, or its revision, is still the same.</item>
/// <item>An account whose deletion has begun is not found, and neither are its tokens.</item>
/// <item>Tokens of a disabled account stay, but are not found, and it gets no new ones.</item>
/// </list>
/// </summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IKeyedAccountStore
{
    /// <param name="name">The address in lower case.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<KeyedAccount?> FindAsync(string name, CancellationToken cancellationToken);

    ValueTask<KeyedAccount?> FindByUidAsync(string uid, CancellationToken cancellationToken);

    /// <summary>Includes an account whose deletion has begun.</summary>
    ValueTask<KeyedAccount?> FindByNumberAsync(long account, CancellationToken cancellationToken);

    /// <summary>Makes an account with its tokens, and spends the invitation for it, if there is one.</summary>
    /// <param name="account">Its number is ignored. The invitation must have been valid when the account was made.</param>
    /// <param name="tokens">Their account number is ignored too.</param>
    /// <param name="invitation">Digest of the invitation that the user has, which is spent; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The stored account; null when another account has the name, or the invitation is no longer free: nothing was made or spent.</returns>
    ValueTask<KeyedAccount?> AddAsync(KeyedAccount account, IReadOnlyList<AccountToken> tokens, string? invitation, CancellationToken cancellationToken);

    /// <summary>Changes an account if its revision is still the one that was read.</summary>
    /// <param name="read">The account as it was read.</param>
    /// <param name="next">The new state, including the hash. Its number, name, uid and revision are ignored.</param>
    /// <param name="sweep">What ends with the change.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account after the change; null when it had changed by then, or is gone: nothing was changed.</returns>
    ValueTask<KeyedAccount?> ChangeAsync(KeyedAccount read, KeyedAccount next, AccountSweep sweep, CancellationToken cancellationToken);

    /// <summary>Removes the account's row, tokens, devices and commands. The account itself stays. Can be repeated.</summary>
    ValueTask RemoveAsync(long account, CancellationToken cancellationToken);

    /// <returns>Null when there is no such token, it has expired, or its account or the token that it was derived from is gone, or the account is disabled.</returns>
    ValueTask<FoundToken?> FindTokenAsync(string digest, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>
    /// Gives out tokens if the account still has the hash that was read and is not disabled, and the tokens that they are derived from exist. If it then has more tokens of a kind than
    /// <see cref="AccountTokenLimits"/> allows, others of that kind are removed, together with the tokens derived from them.
    /// </summary>
    /// <param name="account">The account as it was read.</param>
    /// <param name="tokens">Tokens of this account only.</param>
    /// <param name="inPlaceOf">Digest of a token that is exchanged for them, once; its device then belongs to the first of them. Null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when nothing was done.</returns>
    ValueTask<bool> AddTokensAsync(KeyedAccount account, IReadOnlyList<AccountToken> tokens, string? inPlaceOf, CancellationToken cancellationToken);

    /// <summary>Ends a token, the tokens derived from it, and its device.</summary>
    /// <returns>False when it did not exist.</returns>
    ValueTask<bool> RemoveTokenAsync(long account, string digest, CancellationToken cancellationToken);

    /// <summary>Ends a session or refresh token and all others of its <see cref="AccountToken.Family"/>, the tokens derived from them, and their devices.</summary>
    /// <returns>False when it did not exist, or is of another kind: nothing was done.</returns>
    ValueTask<bool> RemoveFamilyAsync(long account, string digest, CancellationToken cancellationToken);

    /// <summary>Changes the data of a token, if it is still as it was read.</summary>
    /// <returns>False when it is not.</returns>
    ValueTask<bool> ChangeTokenAsync(AccountToken read, string data, CancellationToken cancellationToken);

    /// <summary>Changes the data of some tokens of one account, if all of them are still as they were read.</summary>
    /// <returns>False when one is not: nothing was done.</returns>
    ValueTask<bool> ChangeTokensAsync(IReadOnlyList<(AccountToken Read, string Data)> changes, CancellationToken cancellationToken);

    /// <summary>Records that a token was used, and how long it is valid from then on.</summary>
    ValueTask TouchTokenAsync(string digest, ServerTimestamp used, ServerTimestamp expires, CancellationToken cancellationToken);

    /// <summary>The account's valid tokens of some kinds, oldest first.</summary>
    ValueTask<IReadOnlyList<AccountToken>> ListTokensAsync(long account, IReadOnlyList<AccountTokenKind> kinds, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Adds or changes a device. An earlier device of its token is removed.</summary>
    /// <returns>False when its token is gone, or another account has the id.</returns>
    ValueTask<bool> PutDeviceAsync(AccountDevice device, CancellationToken cancellationToken);

    /// <summary>The account's devices, oldest first.</summary>
    ValueTask<IReadOnlyList<AccountDevice>> ListDevicesAsync(long account, CancellationToken cancellationToken);

    /// <summary>Adds a command for a device.</summary>
    /// <param name="account">Number of the account.</param>
    /// <param name="device">Id of the device.</param>
    /// <param name="data">As the sender gave it.</param>
    /// <param name="most">Commands that may wait for a device; beyond that the oldest is dropped.</param>
    /// <param name="mostBytes">UTF-8 bytes that may wait for all devices of the account; beyond that the oldest are dropped.</param>
    /// <param name="expires">From then on it counts as absent.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when the account has no such device.</returns>
    ValueTask<bool> AddCommandAsync(long account, string device, string data, int most, long mostBytes, ServerTimestamp expires, CancellationToken cancellationToken);

    /// <summary>Commands for a device from a number on, in order.</summary>
    ValueTask<IReadOnlyList<DeviceCommand>> ListCommandsAsync(string device, long from, int limit, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Removes some expired tokens and commands.</summary>
    /// <returns>Whether there may be more.</returns>
    ValueTask<bool> PurgeTokensAsync(ServerTimestamp now, int limit, CancellationToken cancellationToken);

    /// <summary>Keys that the server signs with, the newest first.</summary>
    ValueTask<IReadOnlyList<ServerKey>> ListServerKeysAsync(CancellationToken cancellationToken);

    /// <summary>Adds a key, if the newest one is still the one that was read.</summary>
    /// <param name="key">The key.</param>
    /// <param name="newest">Id of the newest key; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when another caller was first.</returns>
    ValueTask<bool> AddServerKeyAsync(ServerKey key, string? newest, CancellationToken cancellationToken);

    /// <summary>Removes a key; does nothing if it is gone.</summary>
    ValueTask RemoveServerKeyAsync(string id, CancellationToken cancellationToken);
}
