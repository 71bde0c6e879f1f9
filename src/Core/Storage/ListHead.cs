using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>The owner's state of a list: everything that a poll needs.</summary>
public sealed record ListHead
{
    public required ListRef List { get; init; }

    /// <summary>
    /// Key of the list's rows; 0 if the list does not exist (any more). A list that is created again gets a new key, so rows of
    /// the old one are never read, whenever they are removed.
    /// </summary>
    public int Key { get; init; }

    /// <summary>
    /// The stamp of the last write that changed or removed a visible row. Nothing else moves it,
    /// because kinto.js takes an empty list with a newer stamp for a flushed server.
    /// </summary>
    public ServerTimestamp RowsModified { get; init; }

    /// <summary>The stamp of the last write to the list, even if it changed no visible row.</summary>
    public ServerTimestamp Touched { get; init; }

    /// <summary>Live records.</summary>
    public long Count { get; init; }

    /// <summary>Bytes of their bodies.</summary>
    public long Bytes { get; init; }

    /// <summary>
    /// History before this stamp is lost (the list was deleted, or tombstones were purged): a reader whose <c>_since</c>
    /// is older must start over. Zero: the history is complete. For <see cref="ListRole.Self"/>: the last stamp that was so far ahead of the wall
    /// clock that it cannot be compared with those of other buckets, or an older value of such a list.
    /// </summary>
    public ServerTimestamp Horizon { get; init; }

    /// <summary>No record expires before this time; null if none expires at all. Expired records count until they are removed.</summary>
    public ServerTimestamp? NextExpiry { get; init; }

    /// <summary>
    /// The permissions of the object that the list belongs to: for <see cref="ListRole.Self"/> the bucket, for <see cref="ListRole.Records"/> the
    /// collection. Null, as for other lists: only the rights of its bucket's author.
    /// </summary>
    public AccessList? Acl { get; init; }

    /// <summary>Indexes on fields of its records, each field once. Default: none.</summary>
    public IReadOnlyList<FieldIndex> Indexes { get; init; } = [];

    public bool Exists => Key != 0;

    /// <summary>The stamp by which readers of the list notice changes.</summary>
    public ServerTimestamp Stamp(BucketRules rules) => rules.Tombstones ? RowsModified : Exists ? Touched : ServerTimestamp.Zero;
}
