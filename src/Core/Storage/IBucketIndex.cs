using Lockstep.Core.Buckets;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>
/// Reads across buckets: their ids and stamps, outside the owners. It decides nothing. A bucket that changes meanwhile
/// shows its old or its new state.
/// </summary>
/// <remarks>
/// Each list continues after its last entry, in an order of the store's own. All reads throw
/// <see cref="StoreUnavailableException"/> if the store cannot answer. Safe for concurrent use.
/// </remarks>
public interface IBucketIndex
{
    /// <summary>A user's buckets in order, from a cursor on. The cost depends only on the entries returned.</summary>
    /// <remarks>With filters on the stamp and an order by id, the cost depends on the entries between the cursor and the end of the page.</remarks>
    ValueTask<BucketRows> ListByAuthorAsync(BucketScan scan, CancellationToken cancellationToken);

    /// <summary>The number of a user's existing buckets. The cost depends on that number.</summary>
    ValueTask<BucketCount> CountByAuthorAsync(BucketScan scan, CancellationToken cancellationToken);

    /// <summary>What all buckets of an author hold that have quotas. The cost depends on the number of their lists.</summary>
    /// <param name="author">The principal.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<QuotaAmount> UsageByAuthorAsync(string author, CancellationToken cancellationToken);

    /// <summary>The objects of those of these buckets that exist and still have this author, under the buckets' names.</summary>
    /// <param name="author">The principal.</param>
    /// <param name="ids">Few enough that their data may be held in memory; see <see cref="BucketEntry.Bytes"/>.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadObjectsAsync(
        string author, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken);

    /// <summary>The objects of those of these buckets that exist and name any of the principals, under the buckets' names; both as of one moment.</summary>
    /// <param name="principals">As in the index.</param>
    /// <param name="ids">Few enough that their data may be held in memory; see <see cref="BucketEntry.Bytes"/>.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadNamedAsync(
        IReadOnlyCollection<string> principals, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken);

    /// <summary>Projects the existing objects that name any of these principals. An object that names several of them may come several times.</summary>
    /// <param name="scan">The objects.</param>
    /// <param name="select">Projects an object; null to skip it. Called while reading, so that no more than one is in memory.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<IReadOnlyList<T>> ListNamedAsync<T>(
        NamedScan scan, Func<NamedObject, T?> select, CancellationToken cancellationToken)
        where T : class;

    /// <summary>The groups of all buckets with any of these principals as a member.</summary>
    /// <param name="principals">As in the index.</param>
    /// <param name="limit">The maximal number of rows.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<IReadOnlyList<Grant>> ListMembershipsAsync(IReadOnlyCollection<string> principals, int limit, CancellationToken cancellationToken);

    /// <summary>Existing buckets, in id order, after an id.</summary>
    ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Lists that hold tombstones.</summary>
    /// <param name="after">The last one seen; null for the beginning.</param>
    /// <param name="limit">The maximal number of entries.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <returns>Fewer than the limit only at the end.</returns>
    ValueTask<IReadOnlyList<TombstoneEntry>> ListTombstonesAsync(TombstoneEntry? after, int limit, CancellationToken cancellationToken);

    /// <summary>Lists in which records may have expired, in the order of <see cref="ExpiryEntry.Next"/>.</summary>
    /// <param name="after">Only with a later time than this.</param>
    /// <param name="by">Only with no later time than this.</param>
    /// <param name="limit">The maximal number of entries.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <returns>Fewer than the limit only at the end. Of several with the same time some may be left out; they are returned once the others are done.</returns>
    ValueTask<IReadOnlyList<ExpiryEntry>> ListExpiringAsync(ServerTimestamp after, ServerTimestamp by, int limit, CancellationToken cancellationToken);
}
