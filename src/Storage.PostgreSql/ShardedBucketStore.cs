using System.Runtime.ExceptionServices;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql;

/// <summary>
/// Buckets in several databases. What is about one bucket goes to its database and to no other; what spans buckets asks all
/// and needs all, since an answer that leaves some out would look like one that says they are not there.
/// </summary>
internal sealed class ShardedBucketStore(IReadOnlyList<IBucketStore> databases, ShardMap map) : IBucketStore
{
    private readonly Lock gate = new();
    private readonly Task<bool>?[] purging = new Task<bool>?[databases.Count];

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

    public ValueTask<long> CountAsync(RecordScan scan, CancellationToken cancellationToken) =>
        Of(scan.Bucket.Id).CountAsync(scan, cancellationToken);

    public ValueTask<CommitOutcome> CommitAsync(BucketCommit commit) => Of(commit.Id).CommitAsync(commit);

    public async ValueTask<IReadOnlyList<BucketEntry>> ListByAuthorAsync(string author, bool onlyLive, int limit, CancellationToken cancellationToken) =>
        [.. (await AskAllAsync(database => database.ListByAuthorAsync(author, onlyLive, limit, cancellationToken))).Take(limit)];

    public async ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken) =>
        [.. (await AskAllAsync(database => database.ListExistingAsync(after, limit, cancellationToken)))
            .OrderBy(static id => id.Value, StringComparer.Ordinal)
            .Take(limit)];

    /// <inheritdoc/>
    /// <remarks>
    /// A step in each database at a time. The first one that has more to do is enough to go on, so that the others need not
    /// wait for one that hangs; its step is waited for when there is nothing else.
    /// </remarks>
    /// <exception cref="StoreUnavailableException">One could not, and the others have nothing more to remove.</exception>
    public async ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken)
    {
        var steps = new List<Task<bool>>();
        lock (gate)
        {
            for (var i = 0; i < databases.Count; i++)
            {
                steps.Add(purging[i] ??= databases[i].PurgeAsync(limit, cancellationToken).AsTask());
            }
        }

        ExceptionDispatchInfo? fault = null;
        while (steps.Count > 0)
        {
            var step = await Task.WhenAny(steps);
            steps.Remove(step);
            lock (gate)
            {
                if (Array.IndexOf(purging, step) is >= 0 and var ended)
                {
                    purging[ended] = null;
                }
            }

            try
            {
                if (await step)
                {
                    return true;
                }
            }
            catch (Exception e)
            {
                fault = ExceptionDispatchInfo.Capture(e);
            }
        }

        fault?.Throw();
        return false;
    }

    /// <summary>
    /// Whether the home database can be used: nobody signs in without it. Another one that is away says nothing about this
    /// process; all processes miss it alike, and one that is taken out of service for it takes the other buckets along.
    /// </summary>
    public ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) => databases[0].IsHealthyAsync(cancellationToken);

    private IBucketStore Of(BucketId id) => databases[map[id]];

    private async Task<IEnumerable<T>> AskAllAsync<T>(Func<IBucketStore, ValueTask<IReadOnlyList<T>>> ask) =>
        (await Task.WhenAll(databases.Select(database => ask(database).AsTask()))).SelectMany(static answer => answer);
}
