using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>
/// Finds or assigns the store of a user. A change is done only if the data is still as it was read; after a lost race it is read again, a few times. A replaced
/// store takes no more commits before anybody learns of its replacement.
/// <list type="number">
/// <item>Read the user's stores. Close replaced ones that are not closed yet because a database was unreachable.</item>
/// <item>A user without a store is let in or not, and gets one.</item>
/// <item>A user whose store is out of use, or whose node is gone, gets another with the known keys.</item>
/// <item><see cref="KeyRules"/> judges the request's keys. Newer ones are recorded. Another fingerprint gets another store on the same
/// node.</item>
/// </list>
/// </summary>
internal sealed class UserStores(IAssignmentStore assignments, IAccountStore accounts, Admittance admittance, Sync15Options options, TimeProvider time)
{
    private const int MaxTries = 8;
    private const int MaxReleases = 5;

    /// <param name="user">The user who asks.</param>
    /// <param name="key">The request's keys.</param>
    /// <param name="invitation">The invitation's code; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Either a store or an error.</returns>
    /// <exception cref="StoreUnavailableException">The store may have been assigned, while the one that it replaces is not closed.</exception>
    public async ValueTask<(StoreFound? Found, TokenError? Error)> FindAsync(
        VerifiedUser user, KeyId key, string? invitation, CancellationToken cancellationToken)
    {
        var asked = new UserKeys(user.Generation, key.Fingerprint, key.KeysChangedAt);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            // :: Step 1
            var stores = await assignments.FindAsync(user.Identity, cancellationToken);
            await CloseAsync(stores.Where(static store => store is { Replaced: not null, IsClosed: false }));

            // :: Step 2
            if (stores.Count == 0)
            {
                var (isIn, quotaBytes) = await admittance.AdmitAsync(user, invitation, cancellationToken);
                if (!isIn)
                {
                    return (null, TokenError.NoNewUsers);
                }

                if (await GiveAsync(user.Identity, expected: null, asked, quotaBytes, cancellationToken) is { } error)
                {
                    return (null, error);
                }

                continue;
            }

            // :: Step 3
            var current = stores[0];
            var (node, isGone) = current.Node == 0 ? (null, false) : await NodeAsync(current.Node, cancellationToken);
            if (!current.IsRetired && (current.Replaced is not null || isGone))
            {
                if (await GiveAsync(user.Identity, current.Replaced is null ? current : null, current.Keys, current.QuotaBytes, cancellationToken) is { } error)
                {
                    return (null, error);
                }

                continue;
            }

            // :: Step 4
            var (next, refusal) = KeyRules.Judge(current.Keys, stores.Skip(1).Select(static store => store.Keys.Fingerprint), asked);
            if (refusal is not null || current.IsRetired)
            {
                return (null, refusal ?? TokenError.InvalidGeneration);
            }

            if (!string.Equals(next.Fingerprint, current.Keys.Fingerprint, StringComparison.Ordinal))
            {
                if (await assignments.GiveAsync(user.Identity, current, next, current.Node, current.QuotaBytes, ServerTimestamp.Now(time), cancellationToken) is { } given)
                {
                    await CloseAsync([current]);
                    return (new StoreFound(given, node), null);
                }
            }
            else if (next == current.Keys || await assignments.AdvanceAsync(current, next, cancellationToken))
            {
                return (new StoreFound(current with { Keys = next }, node), null);
            }
        }

        return (null, TokenError.NotNow);
    }

    /// <summary>Finds the store in use, if its key has a fingerprint. Changes nothing.</summary>
    /// <param name="user">The user who asks.</param>
    /// <param name="fingerprint">Hex.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Either a store or an error.</returns>
    public async ValueTask<(StoreFound? Found, TokenError? Error)> FindInUseAsync(VerifiedUser user, string fingerprint, CancellationToken cancellationToken)
    {
        var stores = await assignments.FindAsync(user.Identity, cancellationToken);
        if (stores.Count == 0 || stores[0] is not { Replaced: null, IsRetired: false } current
            || !string.Equals(current.Keys.Fingerprint, fingerprint, StringComparison.Ordinal))
        {
            return (null, TokenError.OtherClientState);
        }

        if (user.Generation > 0 && user.Generation < current.Keys.Generation)
        {
            return (null, TokenError.InvalidGeneration);
        }

        var (node, isGone) = current.Node == 0 ? (null, false) : await NodeAsync(current.Node, cancellationToken);
        return isGone ? (null, TokenError.NotNow) : (new StoreFound(current, node), null);
    }

    /// <summary>Takes a user's store out of use for good: they never get another. A user without one stays unknown.</summary>
    /// <returns>False when others changed it each time.</returns>
    /// <exception cref="StoreUnavailableException">Not done, or not closed yet.</exception>
    public async ValueTask<bool> RetireAsync(UserIdentity user, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var stores = await assignments.FindAsync(user, cancellationToken);
            await CloseAsync(stores.Where(static store => store is { Replaced: not null, IsClosed: false }));
            if (stores.Count == 0 || stores[0].IsRetired)
            {
                return true;
            }

            if (await assignments.EndAsync(stores[0], retire: true, ServerTimestamp.Now(time), cancellationToken))
            {
                await CloseAsync([stores[0]]);
                return true;
            }
        }

        return false;
    }

    /// <summary>Notes that a user's password has changed: tokens of before are refused.</summary>
    /// <returns>False when others changed it each time.</returns>
    public async ValueTask<bool> RaiseAsync(UserIdentity user, long generation, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var stores = await assignments.FindAsync(user, cancellationToken);
            if (stores.Count == 0 || stores[0].Replaced is not null || generation <= stores[0].Keys.Generation
                || await assignments.AdvanceAsync(stores[0], stores[0].Keys with { Generation = generation }, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>Null also when somebody else was first: then it is read again.</returns>
    private async ValueTask<TokenError?> GiveAsync(
        UserIdentity user, Assignment? expected, UserKeys keys, long? quotaBytes, CancellationToken cancellationToken)
    {
        if (await PlaceAsync(cancellationToken) is not { } node)
        {
            return TokenError.NoNode;
        }

        if (await assignments.GiveAsync(user, expected, keys, node, quotaBytes, ServerTimestamp.Now(time), cancellationToken) is not null && expected is not null)
        {
            await CloseAsync([expected]);
        }

        return null;
    }

    /// <returns>The number of a node with room; null when none has.</returns>
    private async ValueTask<int?> PlaceAsync(CancellationToken cancellationToken)
    {
        for (var released = 0; ; released++)
        {
            var nodes = await assignments.ListNodesAsync(cancellationToken);
            if (nodes.Count == 0)
            {
                return 0;
            }

            if (NodeChoice.Best(nodes) is { } best)
            {
                return best.Number;
            }

            if (released == MaxReleases || !await assignments.ReleaseAsync(options.NodeReleaseRate, cancellationToken))
            {
                return null;
            }
        }
    }

    private async ValueTask<(string? Url, bool IsGone)> NodeAsync(int number, CancellationToken cancellationToken)
    {
        var node = (await assignments.ListNodesAsync(cancellationToken)).FirstOrDefault(node => node.Number == number);
        return (node?.Url, node is null);
    }

    /// <summary>Not given up with the request: the next one would have to do it.</summary>
    private async ValueTask CloseAsync(IEnumerable<Assignment> stores)
    {
        foreach (var store in stores)
        {
            await accounts.CloseAsync(store.Number, CancellationToken.None);
            await assignments.NoteClosedAsync(store.Number, CancellationToken.None);
        }
    }
}
