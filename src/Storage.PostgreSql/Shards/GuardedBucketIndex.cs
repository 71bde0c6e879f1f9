using Lockstep.Core.Buckets;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>The index of one of several databases, behind its guard.</summary>
internal sealed class GuardedBucketIndex(IBucketIndex inner, SuspectGuard guard) : IBucketIndex
{
    public ValueTask<BucketRows> ListByAuthorAsync(BucketScan scan, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.ListByAuthorAsync(scan, cancellationToken));

    public ValueTask<BucketCount> CountByAuthorAsync(BucketScan scan, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.CountByAuthorAsync(scan, cancellationToken));

    public ValueTask<QuotaAmount> UsageByAuthorAsync(string author, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.UsageByAuthorAsync(author, cancellationToken));

    public ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadObjectsAsync(
        string author, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.ReadObjectsAsync(author, ids, cancellationToken));

    public ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadNamedAsync(
        IReadOnlyCollection<string> principals, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.ReadNamedAsync(principals, ids, cancellationToken));

    public ValueTask<IReadOnlyList<T>> ListNamedAsync<T>(
        NamedScan scan, Func<NamedObject, T?> select, CancellationToken cancellationToken)
        where T : class =>
        guard.RunAsync(() => inner.ListNamedAsync(scan, select, cancellationToken));

    public ValueTask<IReadOnlyList<Grant>> ListMembershipsAsync(IReadOnlyCollection<string> principals, int limit, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.ListMembershipsAsync(principals, limit, cancellationToken));

    public ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.ListExistingAsync(after, limit, cancellationToken));

    public ValueTask<IReadOnlyList<TombstoneEntry>> ListTombstonesAsync(TombstoneEntry? after, int limit, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.ListTombstonesAsync(after, limit, cancellationToken));

    public ValueTask<IReadOnlyList<ExpiryEntry>> ListExpiringAsync(ServerTimestamp after, ServerTimestamp by, int limit, CancellationToken cancellationToken) =>
        guard.RunAsync(() => inner.ListExpiringAsync(after, by, limit, cancellationToken));
}
