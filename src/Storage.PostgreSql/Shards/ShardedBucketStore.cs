using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>Buckets in several databases. Each call about one bucket goes to its database and to no other.</summary>
internal sealed class ShardedBucketStore(IReadOnlyList<IBucketStore> databases, ShardMap map) : IBucketStore
{
    public bool IsShared => true;

    public void OnTakenOver(Action<BucketId> listener)
    {
        foreach (var database in databases)
        {
            database.OnTakenOver(listener);
        }
    }

    public bool IsCurrent(BucketHeads heads) => Of(heads.Id).IsCurrent(heads);

    public ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
        Of(id).LoadAsync(id, claim, cancellationToken);

    public ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
        Of(bucket.Id).ReadAsync(bucket, keys, projection, cancellationToken);

    public ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken) =>
        Of(scan.Bucket.Id).ScanAsync(scan, cancellationToken);

    public ValueTask<RecordCount> CountAsync(RecordScan scan, CancellationToken cancellationToken) =>
        Of(scan.Bucket.Id).CountAsync(scan, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Each database is asked for its buckets, all at once.</remarks>
    public async ValueTask<IReadOnlyList<Grant>> ReadGrantsAsync(GrantScan scan, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(scan.Buckets.GroupBy(id => map[id]).Select(shard => databases[shard.Key].ReadGrantsAsync(
            scan with { Buckets = [.. shard], Groups = scan.Groups is null ? null : [.. scan.Groups.Where(group => map[group.Bucket] == shard.Key)] }, cancellationToken).AsTask()));
        return [.. found.SelectMany(static grants => grants).Take(scan.Limit)];
    }

    public ValueTask<CommitOutcome> CommitAsync(BucketCommit commit) => Of(commit.Id).CommitAsync(commit);

    private IBucketStore Of(BucketId id) => databases[map[id]];
}
