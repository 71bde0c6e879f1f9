using Lockstep.Core.Buckets;
using Lockstep.Core.Records;

namespace Lockstep.Core.Storage;

/// <summary>Where buckets lie, for their owners. Rows are the truth; whatever an owner remembers is a cache of them.</summary>
/// <remarks>All reads throw <see cref="StoreUnavailableException"/> when the store cannot answer. Safe for concurrent use.</remarks>
public interface IBucketStore
{
    /// <summary>Whether other processes write to this store, so that heads in memory may be old without this one knowing.</summary>
    bool IsShared { get; }

    /// <summary>
    /// Registers who wants to hear that another process has taken a bucket over, so that what is remembered of it is old.
    /// Told at most a few seconds later, from any thread.
    /// </summary>
    void OnTakenOver(Action<BucketId> listener);

    /// <summary>Whether answers may be given from these heads without asking the store: at most a few seconds old, if at all.</summary>
    bool IsCurrent(BucketHeads heads);

    /// <summary>The bucket's heads, read in one snapshot; null when it was never written.</summary>
    /// <param name="id">The bucket.</param>
    /// <param name="claim">Makes this process the one that answers for the bucket from memory. Commits do that too.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken);

    /// <summary>The rows with these keys, tombstones included; keys without a row are left out.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="keys">Which rows.</param>
    /// <param name="projection">Which parts of them.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken);

    /// <summary>Rows of a list with the stamps that fit them.</summary>
    ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken);

    /// <summary>How many rows match, whatever the scan's limits and cursor, with the stamps that fit.</summary>
    ValueTask<RecordCount> CountAsync(RecordScan scan, CancellationToken cancellationToken);

    /// <summary>Rows of the index of principals.</summary>
    ValueTask<IReadOnlyList<Grant>> ReadGrantsAsync(GrantScan scan, CancellationToken cancellationToken);

    /// <summary>
    /// Stores the commit if the stored version is the expected one and none of its accounts is closed
    /// (<see cref="Accounts.IAccountStore.CloseAsync"/>), once. Never throws. Where an answer is lost, the store
    /// itself finds out what happened; <see cref="CommitStatus.Unknown"/> only when it cannot be asked before
    /// <see cref="BucketCommit.Deadline"/>. Done means durable.
    /// </summary>
    ValueTask<CommitOutcome> CommitAsync(BucketCommit commit);
}
