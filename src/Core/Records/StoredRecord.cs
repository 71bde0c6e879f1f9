using Lockstep.Core.Time;

namespace Lockstep.Core.Records;

/// <summary>A row: a record of a collection, or a collection, group or bucket stored as one.</summary>
public sealed record StoredRecord
{
    /// <summary>Maximal bytes of a row's rights that are read before there is room for them.</summary>
    public const int ShortAcl = 4 << 10;

    public required string Id { get; init; }

    /// <summary>The stamp of the write that made this version.</summary>
    public required ServerTimestamp Modified { get; init; }

    /// <summary>The record was deleted; the row tells this to <c>_since</c> readers. It has no body then.</summary>
    public bool IsTombstone { get; init; }

    /// <summary>
    /// The payload. Where its bucket's kind has readable data, it is a UTF-8 JSON object, compact as it was sent, <em>without</em> <c>id</c> and
    /// <c>last_modified</c>. An answer is those two in front of a copy of these bytes.
    /// </summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Bytes of a body that was not read (see <see cref="Projection.Metadata"/>); null where <see cref="Body"/> is the body.</summary>
    public int? UnreadLength { get; init; }

    /// <summary>Bytes of the body, whether it was read or not.</summary>
    public int Length => UnreadLength ?? Body.Length;

    /// <summary>Bytes of rights that were not read (see <see cref="Projection.Outline"/>); null where <see cref="Acl"/> has them.</summary>
    public int? UnreadAclLength { get; init; }

    /// <summary>Bytes of the rights, whether they were read or not.</summary>
    public int AclLength => UnreadAclLength ?? Acl?.Length ?? 0;

    /// <summary>Bytes that the row takes in memory once it is read: body and rights.</summary>
    public int Size => Length + AclLength;

    /// <summary>The principal that created it. Their right to write is derived from this, not stored in the ACL.</summary>
    public string? Author { get; init; }

    /// <summary>UTF-8 JSON of the ACL beyond the derived one; null for none.</summary>
    public ReadOnlyMemory<byte>? Acl { get; init; }

    /// <summary>A client's own weight of the record, for sorting lists; null for none.</summary>
    public int? SortIndex { get; init; }

    /// <summary>The instant from which the record counts as absent; null for never.</summary>
    public ServerTimestamp? Expiry { get; init; }

    /// <summary>Whether it exists at an instant: no tombstone, and not expired.</summary>
    public bool IsAlive(ServerTimestamp at) => !IsTombstone && !(Expiry <= at);

    public static StoredRecord Tombstone(string id, ServerTimestamp modified, string? author) =>
        new() { Id = id, Modified = modified, IsTombstone = true, Author = author };
}
