using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.Contract;

/// <summary>Passes everything on; the base of stores that are broken, or fail, in one respect.</summary>
public abstract class DelegatingBucketStore(IBucketStore inner) : IBucketStore
{
    public virtual bool IsShared => inner.IsShared;

    public virtual void OnTakenOver(Action<BucketId> listener) => inner.OnTakenOver(listener);

    public virtual bool IsCurrent(BucketHeads heads) => inner.IsCurrent(heads);

    public virtual ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
        inner.LoadAsync(id, claim, cancellationToken);

    public virtual ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) => inner.ReadAsync(bucket, keys, projection, cancellationToken);

    public virtual ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken) => inner.ScanAsync(scan, cancellationToken);

    public virtual ValueTask<RecordCount> CountAsync(RecordScan scan, CancellationToken cancellationToken) => inner.CountAsync(scan, cancellationToken);

    public virtual ValueTask<IReadOnlyList<Grant>> ReadGrantsAsync(GrantScan scan, CancellationToken cancellationToken) => inner.ReadGrantsAsync(scan, cancellationToken);

    public virtual ValueTask<CommitOutcome> CommitAsync(BucketCommit commit) => inner.CommitAsync(commit);
}
