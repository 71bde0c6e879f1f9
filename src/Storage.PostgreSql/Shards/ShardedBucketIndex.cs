using Lockstep.Core.Buckets;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>
/// The index over several databases. It needs every database that could have a part of its answer, since an answer without one would look
/// as if that part did not exist.
/// </summary>
internal sealed class ShardedBucketIndex(IReadOnlyList<IBucketIndex> databases, ShardMap map) : IBucketIndex
{
    /// <summary>Each database reads a page. The first entries of all these pages make up one page.</summary>
    public async ValueTask<BucketRows> ListByAuthorAsync(BucketScan scan, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(databases.Select(database => database.ListByAuthorAsync(scan, cancellationToken).AsTask()));
        var entries = found.SelectMany(static rows => rows.Entries).ToList();
        entries.Sort(scan.Compare);
        var more = entries.Count > scan.Limit || found.Any(static rows => rows.More);
        return new BucketRows(found.Max(static rows => rows.Stamp), [.. entries.Take(scan.Limit)], more);
    }

    public async ValueTask<BucketCount> CountByAuthorAsync(BucketScan scan, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(databases.Select(database => database.CountByAuthorAsync(scan, cancellationToken).AsTask()));
        return new BucketCount(found.Max(static count => count.Stamp), found.Sum(static count => count.Live));
    }

    public async ValueTask<QuotaAmount> UsageByAuthorAsync(string author, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(databases.Select(database => database.UsageByAuthorAsync(author, cancellationToken).AsTask()));
        return found.Aggregate(static (sum, amount) => sum + amount);
    }

    public async ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadObjectsAsync(
        string author, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(ids.GroupBy(id => map[id])
            .Select(group => databases[group.Key].ReadObjectsAsync(author, [.. group], cancellationToken).AsTask()));
        return found.SelectMany(static objects => objects).ToDictionary();
    }

    public async ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadNamedAsync(
        IReadOnlyCollection<string> principals, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(ids.GroupBy(id => map[id])
            .Select(group => databases[group.Key].ReadNamedAsync(principals, [.. group], cancellationToken).AsTask()));
        return found.SelectMany(static objects => objects).ToDictionary();
    }

    public async ValueTask<IReadOnlyList<T>> ListNamedAsync<T>(
        NamedScan scan, Func<NamedObject, T?> select, CancellationToken cancellationToken)
        where T : class
    {
        var found = await Task.WhenAll(databases.Select(database => database.ListNamedAsync(scan, select, cancellationToken).AsTask()));
        return [.. found.SelectMany(static objects => objects).Take(scan.Limit)];
    }

    public async ValueTask<IReadOnlyList<Grant>> ListMembershipsAsync(IReadOnlyCollection<string> principals, int limit, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(databases.Select(database => database.ListMembershipsAsync(principals, limit, cancellationToken).AsTask()));
        return [.. found.SelectMany(static grants => grants).Take(limit)];
    }

    public async ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(databases.Select(database => database.ListExistingAsync(after, limit, cancellationToken).AsTask()));
        return [.. found.SelectMany(static ids => ids).OrderBy(static id => id.Value, StringComparer.Ordinal).Take(limit)];
    }

    public ValueTask<IReadOnlyList<TombstoneEntry>> ListTombstonesAsync(TombstoneEntry? after, int limit, CancellationToken cancellationToken) => InTurnAsync(
        after is not null ? map[after.Bucket] : 0, after, limit, (database, from, left) => database.ListTombstonesAsync(from, left, cancellationToken));

    public async ValueTask<IReadOnlyList<ExpiryEntry>> ListExpiringAsync(ServerTimestamp after, ServerTimestamp by, int limit, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(databases.Select(database => database.ListExpiringAsync(after, by, limit, cancellationToken).AsTask()));
        return [.. found.SelectMany(static entries => entries).OrderBy(static entry => entry.Next).Take(limit)];
    }

    /// <summary>Reads one database after the other, so that the last entry tells where to continue.</summary>
    private async ValueTask<IReadOnlyList<TEntry>> InTurnAsync<TEntry, TCursor>(
        int first, TCursor? after, int limit, Func<IBucketIndex, TCursor?, int, ValueTask<IReadOnlyList<TEntry>>> list)
    {
        var entries = new List<TEntry>();
        for (var number = first; number < databases.Count && entries.Count < limit; number++)
        {
            entries.AddRange(await list(databases[number], number == first ? after : default, limit - entries.Count));
        }

        return entries;
    }
}
