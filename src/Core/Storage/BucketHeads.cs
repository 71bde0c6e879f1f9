using System.Collections.Immutable;
using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>
/// What an owner keeps of its bucket in memory: a cache of the bucket's and its lists' rows, right as of
/// <see cref="Version"/>. Immutable, so that readers never wait for a commit.
/// </summary>
public sealed record BucketHeads
{
    public required BucketId Id { get; init; }

    /// <summary>The store's own key of the bucket; 0 until it was first written.</summary>
    public long Row { get; init; }

    /// <summary>By which the bucket's rows are read.</summary>
    public BucketKey Key => new(Id, Row);

    /// <summary>
    /// In a shared store, the term of this process's lease under which it answers for the bucket; 0 when another one does.
    /// The store's own matter: see <see cref="IBucketStore.IsCurrent"/>.
    /// </summary>
    public long Lease { get; init; }

    /// <summary>
    /// In a shared store, which server of it these are of: after a failover that lost commits, versions come round again. The store's own
    /// matter; 0 for a bucket that was never written, and then not compared.
    /// </summary>
    public long Incarnation { get; init; }

    /// <summary>Rises by one with each commit; a commit from another version than the stored one is refused.</summary>
    public long Version { get; init; }

    /// <summary>The last stamp issued. Survives deletion.</summary>
    public ServerTimestamp Clock { get; init; }

    public bool Exists { get; init; }

    /// <summary>The principal who created the bucket, or the last one who did.</summary>
    public string? Author { get; init; }

    /// <summary>
    /// The number of the account that <see cref="Author"/> names. Null for a bucket that is deleted, or that was made by a program
    /// which knew no numbers.
    /// </summary>
    public long? AuthorNumber { get; init; }

    /// <summary>Stamp of the bucket's last deletion, which is what lists that do not exist since then answer.</summary>
    public ServerTimestamp Base { get; init; }

    /// <summary>Key for the next list; only rises.</summary>
    public int NextKey { get; init; } = 1;

    public ImmutableDictionary<ListRef, ListHead> Lists { get; init; } = ImmutableDictionary<ListRef, ListHead>.Empty;

    /// <summary>Whether a list has an index on a field.</summary>
    public bool HasIndexes { get; init; }

    /// <summary>Whether one of these is still to be built, or to be built anew.</summary>
    public bool HasUnbuiltIndexes { get; init; }

    /// <summary>The same heads, which say what <see cref="Lists"/> say of indexes.</summary>
    public BucketHeads WithIndexState() => this with
    {
        HasIndexes = Lists.Values.Any(static head => head.Indexes.Count > 0),
        HasUnbuiltIndexes = Lists.Values.Any(static head => head.Indexes.Any(static index => !index.IsUsable)),
    };

    public static BucketHeads Unwritten(BucketId id) => new() { Id = id };

    /// <summary>The list's head; for a list that never was, one that looks as a list without history does.</summary>
    public ListHead this[ListRef list] => Lists.TryGetValue(list, out var head) ? head : Absent(list);

    /// <summary>What the bucket's own object says; null while it says nothing, and where it is not there.</summary>
    public AccessList? Acl => Exists ? this[ListRef.Self].Acl : null;

    public BucketRules Rules => BucketRules.Of(Id.Kind);

    /// <summary>
    /// The stamp of all that the bucket holds. Where deletions leave no rows it is that of the last write to any list that its
    /// readers can know of; zero when there is none.
    /// </summary>
    public ServerTimestamp Stamp => Rules.Tombstones
        ? Clock
        : Lists.Values.Where(static head => head.List.Role != ListRole.Uploads).Select(static head => head.Touched).DefaultIfEmpty().Max();

    /// <summary>Bytes of all records' bodies, those that have expired among them until they are removed.</summary>
    public long Bytes => Lists.Values.Where(static head => head.List.Role == ListRole.Records).Sum(static head => head.Bytes);

    public ListHead Absent(ListRef list) =>
        new() { List = list, RowsModified = Base, Touched = Base, Horizon = Base };
}
