using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>What the owner keeps of a list; everything a poll needs.</summary>
public sealed record ListHead
{
    public required ListRef List { get; init; }

    /// <summary>
    /// Key of the list's rows; 0 when the list does not exist (any more). A list created again gets a new key, so rows of
    /// the old one are never read, whenever they are removed.
    /// </summary>
    public int Key { get; init; }

    /// <summary>
    /// The list's ETag: the stamp of the last write that changed or removed a visible row. It moves for nothing else,
    /// since kinto.js takes an empty list with a newer ETag for a flushed server.
    /// </summary>
    public ServerTimestamp RowsModified { get; init; }

    /// <summary>The stamp of the last write to the list, also of one that changed no visible row.</summary>
    public ServerTimestamp Touched { get; init; }

    /// <summary>Live records.</summary>
    public long Count { get; init; }

    /// <summary>Bytes of their bodies.</summary>
    public long Bytes { get; init; }

    /// <summary>
    /// History before this stamp is gone (the list was deleted, or tombstones were purged): a reader whose <c>_since</c>
    /// is older must start over. Zero: the history is whole. Of <see cref="ListRole.Self"/>: the last stamp that was so far ahead of the wall
    /// clock that it cannot be compared with those of other buckets, or what such a list has from before.
    /// </summary>
    public ServerTimestamp Horizon { get; init; }

    /// <summary>No record expires before this instant; null when none expires at all. Records that have expired count until they are removed.</summary>
    public ServerTimestamp? NextExpiry { get; init; }

    /// <summary>
    /// What the object says that the list belongs to: of <see cref="ListRole.Self"/> the bucket, of <see cref="ListRole.Records"/> the
    /// collection. Null, also for other lists: nothing beyond its bucket's author's right.
    /// </summary>
    public AccessList? Acl { get; init; }

    /// <summary>Indexes on fields of its records, each field once. Default: none.</summary>
    public IReadOnlyList<FieldIndex> Indexes { get; init; } = [];

    public bool Exists => Key != 0;

    /// <summary>The stamp by which readers of the list tell whether it has changed.</summary>
    public ServerTimestamp Stamp(BucketRules rules) => rules.Tombstones ? RowsModified : Exists ? Touched : ServerTimestamp.Zero;
}
