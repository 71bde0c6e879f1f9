using System.Diagnostics.CodeAnalysis;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>A <see cref="PageCursor"/>.</summary>
[GenerateSerializer, Alias("lockstep.cursor"), Immutable]
public sealed class CursorWire
{
    [Id(0)]
    public required long Modified { get; init; }

    [Id(1)]
    public required string RecordId { get; init; }

    [Id(2)]
    public required long ListStamp { get; init; }

    [Id(3)]
    public string? SortKeys { get; init; }

    [Id(4)]
    public int? SortIndex { get; init; }

    [return: NotNullIfNotNull(nameof(cursor))]
    internal static CursorWire? From(PageCursor? cursor) => cursor is null ? null : new()
    {
        Modified = cursor.Modified.Milliseconds,
        RecordId = cursor.Id,
        ListStamp = cursor.ListStamp.Milliseconds,
        SortKeys = cursor.SortKeys,
        SortIndex = cursor.SortIndex,
    };

    internal PageCursor ToCursor() => new(new ServerTimestamp(Modified), RecordId, new ServerTimestamp(ListStamp), SortKeys) { SortIndex = SortIndex };
}
