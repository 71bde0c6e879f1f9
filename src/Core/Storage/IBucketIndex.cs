using Lockstep.Core.Buckets;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>
/// What spans buckets: their ids and stamps, read beside the owners. It decides nothing, and a bucket that changes meanwhile
/// shows as it was or as it is.
/// </summary>
/// <remarks>
/// Each list goes on after its last entry, in an order of the store's own. All reads throw
/// <see cref="StoreUnavailableException"/> when the store cannot answer. Safe for concurrent use.
/// </remarks>
public interface IBucketIndex
{
    /// <summary>Somebody's buckets in order, from a cursor on. Costs what it answers, however many there are besides.</summary>
    /// <remarks>With filters on the stamp and an order by id it costs what lies between the cursor and the page's end.</remarks>
    ValueTask<BucketRows> ListByAuthorAsync(BucketScan scan, CancellationToken cancellationToken);

    /// <summary>How many of somebody's buckets exist. Costs as much as there are.</summary>
    ValueTask<BucketCount> CountByAuthorAsync(BucketScan scan, CancellationToken cancellationToken);

    /// <summary>What all of Kinto's buckets hold whose author somebody is. Costs as much as they have lists.</summary>
    /// <param name="author">The principal.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<QuotaAmount> UsageByAuthorAsync(string author, CancellationToken cancellationToken);

    /// <summary>The objects of those of these buckets that exist and whose author this still is, under the buckets' names.</summary>
    /// <param name="author">The principal.</param>
    /// <param name="ids">So few that their data may be held in memory; see <see cref="BucketEntry.Bytes"/>.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadObjectsAsync(
        string author, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken);

    /// <summary>The objects of those of these buckets that exist and name any of some principals, under the buckets' names; both as of one moment.</summary>
    /// <param name="principals">As the index has them.</param>
    /// <param name="ids">So few that their data may be held in memory; see <see cref="BucketEntry.Bytes"/>.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadNamedAsync(
        IReadOnlyCollection<string> principals, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken);

    /// <summary>What is made of objects that are there and name any of these; an object that names several of them may come several times.</summary>
    /// <param name="scan">Which.</param>
    /// <param name="select">What is made of one; null for nothing. Called as it is read, so that no more than one is in memory.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<IReadOnlyList<T>> ListNamedAsync<T>(
        NamedScan scan, Func<NamedObject, T?> select, CancellationToken cancellationToken)
        where T : class;

    /// <summary>Groups of all buckets that have any of these as a member.</summary>
    /// <param name="principals">As the index has them.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<IReadOnlyList<Grant>> ListMembershipsAsync(IReadOnlyCollection<string> principals, int limit, CancellationToken cancellationToken);

    /// <summary>Buckets that exist, in id order, after an id.</summary>
    ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Lists that hold tombstones.</summary>
    /// <param name="after">The last one seen; null for the beginning.</param>
    /// <param name="limit">Entries at most.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <returns>Fewer than the limit only at the end.</returns>
    ValueTask<IReadOnlyList<TombstoneEntry>> ListTombstonesAsync(TombstoneEntry? after, int limit, CancellationToken cancellationToken);

    /// <summary>Lists in which something may have expired, in the order of <see cref="ExpiryEntry.Next"/>.</summary>
    /// <param name="after">Only with a later instant than this.</param>
    /// <param name="by">Only with no later instant than this.</param>
    /// <param name="limit">Entries at most.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <returns>Fewer than the limit only at the end. Of those with one instant some may be left out then; they are there once the others are done.</returns>
    ValueTask<IReadOnlyList<ExpiryEntry>> ListExpiringAsync(ServerTimestamp after, ServerTimestamp by, int limit, CancellationToken cancellationToken);
}
