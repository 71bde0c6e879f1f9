using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>Buckets in a further database, which may not be open yet.</summary>
internal sealed class ShardBucketStore(ShardDatabase database) : IBucketStore
{
    public bool IsShared => true;

    public void OnTakenOver(Action<BucketId> listener) => database.OnTakenOver(listener);

    public bool IsCurrent(BucketHeads heads) => Find() is { } store && store.IsCurrent(heads);

    public async ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
        await Get().LoadAsync(id, claim, cancellationToken);

    public async ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
        await Get().ReadAsync(bucket, keys, projection, cancellationToken);

    public async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken) => await Get().ScanAsync(scan, cancellationToken);

    public async ValueTask<IReadOnlyList<Grant>> ReadGrantsAsync(GrantScan scan, CancellationToken cancellationToken) =>
        await Get().ReadGrantsAsync(scan, cancellationToken);

    public async ValueTask<RecordCount> CountAsync(RecordScan scan, CancellationToken cancellationToken) => await Get().CountAsync(scan, cancellationToken);

    public async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit) =>
        Find() is { } store ? await store.CommitAsync(commit) : CommitOutcome.NotExecuted;

    private PostgresBucketStore? Find() => database.Find() is { } opened ? new PostgresBucketStore(opened) : null;

    private PostgresBucketStore Get() => new(database.Get());
}
