using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>A <see cref="StoredRecord"/>. Its bytes are never changed by anybody, so they need no copy within a process.</summary>
[GenerateSerializer, Alias("lockstep.record"), Immutable]
public sealed class RecordWire
{
    [Id(0)]
    public required string RecordId { get; init; }

    [Id(1)]
    public required long Modified { get; init; }

    [Id(2)]
    public bool IsTombstone { get; init; }

    [Id(3)]
    public required byte[] Body { get; init; }

    [Id(4)]
    public string? Author { get; init; }

    [Id(5)]
    public byte[]? Acl { get; init; }

    [Id(6)]
    public int? SortIndex { get; init; }

    [Id(7)]
    public long? Expiry { get; init; }

    [return: NotNullIfNotNull(nameof(record))]
    internal static RecordWire? From(StoredRecord? record) => record is null ? null : new()
    {
        RecordId = record.Id,
        Modified = record.Modified.Milliseconds,
        IsTombstone = record.IsTombstone,
        Body = Bytes(record.Body),
        Author = record.Author,
        Acl = record.Acl is { } acl ? Bytes(acl) : null,
        SortIndex = record.SortIndex,
        Expiry = record.Expiry?.Milliseconds,
    };

    internal StoredRecord ToRecord() => new()
    {
        Id = RecordId,
        Modified = new ServerTimestamp(Modified),
        IsTombstone = IsTombstone,
        Body = Body,
        Author = Author,
        Acl = Acl is not { Length: > 0 } ? default(ReadOnlyMemory<byte>?) : Acl,
        SortIndex = SortIndex,
        Expiry = Expiry is { } expiry ? new ServerTimestamp(expiry) : null,
    };

    /// <summary>The array itself where the memory is all of one.</summary>
    internal static byte[] Bytes(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : memory.ToArray();
}
