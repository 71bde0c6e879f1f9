using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql;

/// <summary>
/// One of several databases. While it may be hanging, few requests at a time wait for it and the others are refused at once:
/// all together they would take up the room that the process has for the requests of all databases. A database that works
/// though nobody can tell serves on, a few at a time.
/// </summary>
/// <param name="inner">The database's store.</param>
/// <param name="isSuspect">Whether it was not heard of lately.</param>
internal sealed class GuardedBucketStore(IBucketStore inner, Func<bool> isSuspect) : IBucketStore
{
    public const int WaitingForASuspect = 16;

    private int waiting;

    public bool IsShared => inner.IsShared;

    public void OnTakenOver(Action<BucketId> listener) => inner.OnTakenOver(listener);

    public bool IsCurrent(BucketHeads heads) => inner.IsCurrent(heads);

    public ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
        RunAsync(() => inner.LoadAsync(id, claim, cancellationToken));

    public ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
        RunAsync(() => inner.ReadAsync(bucket, keys, projection, cancellationToken));

    public ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken) =>
        RunAsync(() => inner.ScanAsync(scan, cancellationToken));

    public ValueTask<long> CountAsync(RecordScan scan, CancellationToken cancellationToken) =>
        RunAsync(() => inner.CountAsync(scan, cancellationToken));

    public async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
    {
        try
        {
            return await RunAsync(() => inner.CommitAsync(commit));
        }
        catch (StoreUnavailableException)
        {
            // A store does not throw this from a commit: it was not let through.
            return CommitOutcome.NotExecuted;
        }
    }

    public ValueTask<IReadOnlyList<BucketEntry>> ListByAuthorAsync(string author, bool onlyLive, int limit, CancellationToken cancellationToken) =>
        RunAsync(() => inner.ListByAuthorAsync(author, onlyLive, limit, cancellationToken));

    public ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken) =>
        RunAsync(() => inner.ListExistingAsync(after, limit, cancellationToken));

    public ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken) => inner.PurgeAsync(limit, cancellationToken);

    public ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) => inner.IsHealthyAsync(cancellationToken);

    private async ValueTask<T> RunAsync<T>(Func<ValueTask<T>> run)
    {
        try
        {
            return Interlocked.Increment(ref waiting) > WaitingForASuspect && isSuspect()
                ? throw new StoreUnavailableException("The database of this bucket does not answer, and others wait for it already.")
                : await run();
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }
}
