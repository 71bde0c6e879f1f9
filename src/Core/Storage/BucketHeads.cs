using System.Collections.Immutable;
using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>
/// An owner's state of its bucket in memory: a cache of the rows of the bucket and its lists, correct as of
/// <see cref="Version"/>. Immutable, so readers never wait for a commit.
/// </summary>
public sealed record BucketHeads
{
    public required BucketId Id { get; init; }

    /// <summary>The store's own key of the bucket; 0 until it was first written.</summary>
    public long Row { get; init; }

    /// <summary>The key under which the bucket's rows are read.</summary>
    public BucketKey Key => new(Id, Row);

    /// <summary>
    /// In a shared store, the term of this process's lease under which it answers for the bucket; 0 if another process does.
    /// Only the store uses it: see <see cref="IBucketStore.IsCurrent"/>.
    /// </summary>
    public long Lease { get; init; }

    /// <summary>
    /// In a shared store, the server that these heads come from: after a failover that lost commits, versions occur again. Only the store uses
    /// it; 0 for a bucket that was never written, and then not compared.
    /// </summary>
    public long Incarnation { get; init; }

    /// <summary>Rises by one with each commit. A commit based on another version than the stored one is refused.</summary>
    public long Version { get; init; }

    /// <summary>The last stamp issued. Survives deletion.</summary>
    public ServerTimestamp Clock { get; init; }

    public bool Exists { get; init; }

    /// <summary>The principal who created the bucket last.</summary>
    public string? Author { get; init; }

    /// <summary>
    /// The number of the account that <see cref="Author"/> names. Null for a deleted bucket, or one created by a program
    /// that knew no numbers.
    /// </summary>
    public long? AuthorNumber { get; init; }

    /// <summary>Stamp of the bucket's last deletion, which lists answer that have not existed since.</summary>
    public ServerTimestamp Base { get; init; }

    /// <summary>Key for the next list; only rises.</summary>
    public int NextKey { get; init; } = 1;

    public ImmutableDictionary<ListRef, ListHead> Lists { get; init; } = ImmutableDictionary<ListRef, ListHead>.Empty;

    /// <summary>Whether any list has an index on a field.</summary>
    public bool HasIndexes { get; init; }

    /// <summary>Whether any of these still has to be built or rebuilt.</summary>
    public bool HasUnbuiltIndexes { get; init; }

    /// <summary>The same heads, with both flags taken from <see cref="Lists"/>.</summary>
    public BucketHeads WithIndexState() => this with
    {
        HasIndexes = Lists.Values.Any(static head => head.Indexes.Count > 0),
        HasUnbuiltIndexes = Lists.Values.Any(static head => head.Indexes.Any(static index => !index.IsUsable)),
    };

    public static BucketHeads Unwritten(BucketId id) => new() { Id = id };

    /// <summary>The same in a store that is an older copy of itself, where clients may know stamps that it does not.</summary>
    /// <param name="id">The bucket.</param>
    /// <param name="floor">Above all of these stamps; zero in a store that is no such copy.</param>
    /// <returns>Null where there is no floor.</returns>
    public static BucketHeads? Unwritten(BucketId id, ServerTimestamp floor) =>
        floor == ServerTimestamp.Zero ? null : Unwritten(id) with { Base = floor, Clock = floor };

    /// <summary>The list's head; for a list that never existed, that of a list without history.</summary>
    public ListHead this[ListRef list] => Lists.TryGetValue(list, out var head) ? head : Absent(list);

    /// <summary>The permissions of the bucket's own object; null if it has none or does not exist.</summary>
    public AccessList? Acl => Exists ? this[ListRef.Self].Acl : null;

    public BucketRules Rules => Id.Rules;

    /// <summary>
    /// The stamp of everything in the bucket. If deletions leave no rows, it is the stamp of the last write to any list that
    /// readers can know of; zero if there is none.
    /// </summary>
    public ServerTimestamp Stamp => Rules.Tombstones
        ? Clock
        : Lists.Values.Where(static head => head.List.Role != ListRole.Uploads).Select(static head => head.Touched).DefaultIfEmpty().Max();

    /// <summary>Bytes of all records' bodies, including expired ones until they are removed.</summary>
    public long Bytes => Lists.Values.Where(static head => head.List.Role == ListRole.Records).Sum(static head => head.Bytes);

    public ListHead Absent(ListRef list) =>
        new() { List = list, RowsModified = Base, Touched = Base, Horizon = Base };
}
