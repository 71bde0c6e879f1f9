using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>
/// The bucket store of one database out of several. While that database is suspected to be down, its guard lets only a few calls
/// through and fails the others at once, so that they do not take the room of users of the other databases.
/// </summary>
internal sealed class GuardedBucketStore(IBucketStore inner, SuspectGuard guard) : IBucketStore
{
    public bool IsShared => inner.IsShared;

    public void OnTakenOver(Action<BucketId> listener) => inner.OnTakenOver(listener);

    public bool IsCurrent(BucketHeads heads) => inner.IsCurrent(heads);

    public ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.LoadAsync(id, claim, cancellationToken));

    public ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.ReadAsync(bucket, keys, projection, cancellationToken));

    public ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.ScanAsync(scan, cancellationToken));

    public ValueTask<RecordCount> CountAsync(RecordScan scan, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.CountAsync(scan, cancellationToken));

    public ValueTask<IReadOnlyList<Grant>> ReadGrantsAsync(GrantScan scan, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.ReadGrantsAsync(scan, cancellationToken));

    public async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
    {
        try
        {
            return await guard.RunAsync(() => inner.CommitAsync(commit));
        }
        catch (StoreUnavailableException)
        {
            // A store does not throw this from a commit, so the guard did not let it through.
            return CommitOutcome.NotExecuted;
        }
    }
}
