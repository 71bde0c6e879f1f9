using Lockstep.Core.Buckets;
using Lockstep.Core.Records;

namespace Lockstep.Core.Storage;

/// <summary>The storage of buckets, for their owners. Rows are the truth; an owner's memory is a cache of them.</summary>
/// <remarks>All reads throw <see cref="StoreUnavailableException"/> if the store cannot answer. Safe for concurrent use.</remarks>
public interface IBucketStore
{
    /// <summary>Whether other processes write to this store, so that heads in memory may be outdated without this process knowing.</summary>
    bool IsShared { get; }

    /// <summary>Whether reads keep the caller's thread busy until they end, instead of waiting for a database elsewhere. Default: no.</summary>
    bool ReadsOnCallersThread => false;

    /// <summary>
    /// Registers a listener for buckets that another process has taken over, so that the remembered state is outdated.
    /// Called at most a few seconds later, on any thread.
    /// </summary>
    void OnTakenOver(Action<BucketId> listener);

    /// <summary>Whether answers may be given from these heads without asking the store. Such heads are at most a few seconds old.</summary>
    bool IsCurrent(BucketHeads heads);

    /// <summary>
    /// The bucket's heads, read in one snapshot. If it was never written: null, or heads of version 0 with the stamps from which it begins in a store that was
    /// restored from a backup.
    /// </summary>
    /// <param name="id">The bucket.</param>
    /// <param name="claim">Whether this process becomes the one that answers for the bucket from memory. Commits have the same effect.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken);

    /// <summary>The rows with these keys, including tombstones; keys without a row are left out.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="keys">The rows to read.</param>
    /// <param name="projection">The parts of the rows to read.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken);

    /// <summary>Rows of a list, with the matching stamps.</summary>
    ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken);

    /// <summary>The number of rows that match, whatever the scan's limits and cursor, with the matching stamps.</summary>
    ValueTask<RecordCount> CountAsync(RecordScan scan, CancellationToken cancellationToken);

    /// <summary>Rows of the index of principals.</summary>
    ValueTask<IReadOnlyList<Grant>> ReadGrantsAsync(GrantScan scan, CancellationToken cancellationToken);

    /// <summary>
    /// Stores the commit once, if the stored version is the expected one and none of its accounts is closed
    /// (<see cref="Accounts.IAccountStore.CloseAsync"/>). Never throws. If an answer is lost, the store
    /// itself finds out the outcome; it returns <see cref="CommitStatus.Unknown"/> only if it cannot be asked before
    /// <see cref="BucketCommit.Deadline"/>. Done means durable.
    /// </summary>
    ValueTask<CommitOutcome> CommitAsync(BucketCommit commit);
}
