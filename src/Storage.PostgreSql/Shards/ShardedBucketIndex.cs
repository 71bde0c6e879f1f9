using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>
/// The index over several databases. It needs all that its answer could come from, since one that leaves some out would look
/// like one that says they are not there.
/// </summary>
internal sealed class ShardedBucketIndex(IReadOnlyList<IBucketIndex> databases, ShardMap map) : IBucketIndex
{
    public ValueTask<IReadOnlyList<BucketEntry>> ListByAuthorAsync(
        string author, bool onlyLive, BucketId? after, int limit, CancellationToken cancellationToken) => InTurnAsync(
        after is { } last ? map[last] : 0, after, limit, (database, from, left) => database.ListByAuthorAsync(author, onlyLive, from, left, cancellationToken));

    public async ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadObjectsAsync(
        string author, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(ids.GroupBy(id => map[id])
            .Select(group => databases[group.Key].ReadObjectsAsync(author, [.. group], cancellationToken).AsTask()));
        return found.SelectMany(static objects => objects).ToDictionary();
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

    /// <summary>One database after the other, so that the last entry says where to go on.</summary>
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
