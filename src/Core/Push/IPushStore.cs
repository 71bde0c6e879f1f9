using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Push;

/// <summary>Push subscriptions, stored with the accounts. Each call that writes does all of it or nothing.</summary>
/// <remarks>All calls throw <see cref="Storage.StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IPushStore
{
    /// <returns>Null when there is none.</returns>
    ValueTask<PushSubscription?> FindAsync(string owner, string id, CancellationToken cancellationToken);

    /// <summary>All subscriptions of a user, in the order of their ids.</summary>
    ValueTask<IReadOnlyList<PushSubscription>> ListAsync(string owner, CancellationToken cancellationToken);

    /// <summary>Subscriptions about some buckets, in the order of owners and ids.</summary>
    /// <param name="buckets">The buckets.</param>
    /// <param name="after">The last one of the page before; null for the first page.</param>
    /// <param name="limit">The maximal number.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<IReadOnlyList<PushSubscription>> ListAsync(IReadOnlyCollection<BucketId> buckets, PushSubscription? after, int limit, CancellationToken cancellationToken);

    /// <summary>Stores a subscription, if the one of its owner and id is still as it was read.</summary>
    /// <param name="next">The subscription. Its <see cref="PushSubscription.Modified"/> is later than before.</param>
    /// <param name="read"><see cref="PushSubscription.Modified"/> as it was read; zero for none.</param>
    /// <param name="most">How many the owner may have. Two that are stored at the same time may be one more.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<PushChange> PutAsync(PushSubscription next, ServerTimestamp read, int most, CancellationToken cancellationToken);

    /// <summary>Notes what was told and when to tell more, if neither that nor the subscription has changed since it was read. So of several who read it one tells.</summary>
    /// <param name="read">The subscription as it was read.</param>
    /// <param name="next">The same with other <see cref="PushSubscription.Told"/>, <see cref="PushSubscription.Due"/> and <see cref="PushSubscription.Tries"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when it has changed: nothing was done.</returns>
    ValueTask<bool> NoteAsync(PushSubscription read, PushSubscription next, CancellationToken cancellationToken);

    /// <summary>Removes a subscription, if its owner has not put it again since it was read.</summary>
    /// <returns>False when they have, or it is gone: nothing was done.</returns>
    ValueTask<bool> RemoveAsync(PushSubscription read, CancellationToken cancellationToken);

    /// <summary>Removes all subscriptions of a user.</summary>
    ValueTask RemoveAllAsync(string owner, CancellationToken cancellationToken);

    /// <summary>Removes some subscriptions that nobody has put since a time.</summary>
    /// <returns>Whether there may be more.</returns>
    ValueTask<bool> PurgeAsync(ServerTimestamp before, int limit, CancellationToken cancellationToken);
}
