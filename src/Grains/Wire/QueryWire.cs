using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>A <see cref="ListQuery"/>.</summary>
[GenerateSerializer, Alias("lockstep.query"), Immutable]
public sealed class QueryWire
{
    [Id(0)]
    public long? Since { get; init; }

    [Id(1)]
    public long? After { get; init; }

    [Id(2)]
    public long? Before { get; init; }

    [Id(3)]
    public bool? Deleted { get; init; }

    [Id(4)]
    public string[]? Ids { get; init; }

    [Id(5)]
    public string[]? ExcludedIds { get; init; }

    /// <summary>Paths, most significant first.</summary>
    [Id(6)]
    public required string[] SortPaths { get; init; }

    [Id(7)]
    public required bool[] SortDescending { get; init; }

    [Id(8)]
    public required int Limit { get; init; }

    [Id(9)]
    public required long MaxBytes { get; init; }

    [Id(10)]
    public CursorWire? Cursor { get; init; }

    /// <summary>A silo of 0.1.0 gives all parts.</summary>
    [Id(11)]
    public Projection Projection { get; init; }

    /// <summary>Only for buckets that an earlier silo does not know.</summary>
    [Id(12)]
    public bool HeaviestFirst { get; init; }

    /// <summary>Null for none. Sent only to a silo that acts on it: see <see cref="WireVersion"/>.</summary>
    [Id(13)]
    public FieldFilterWire[]? Fields { get; init; }

    internal static QueryWire From(ListQuery query) => new()
    {
        Since = query.Since?.Milliseconds,
        After = query.After?.Milliseconds,
        Before = query.Before?.Milliseconds,
        Deleted = query.Deleted,
        Ids = query.Ids?.ToArray(),
        ExcludedIds = query.ExcludedIds?.ToArray(),
        SortPaths = [.. query.Sort.Select(static field => field.Path)],
        SortDescending = [.. query.Sort.Select(static field => field.Descending)],
        Limit = query.Limit,
        MaxBytes = query.MaxBytes,
        Cursor = CursorWire.From(query.Cursor),
        Projection = query.Projection,
        HeaviestFirst = query.HeaviestFirst,
        Fields = query.Fields.Count == 0 ? null : [.. query.Fields.Select(FieldFilterWire.From)],
    };

    internal ListQuery ToQuery() => new()
    {
        Since = Stamp(Since),
        After = Stamp(After),
        Before = Stamp(Before),
        Deleted = Deleted,
        Ids = Ids,
        ExcludedIds = ExcludedIds,
        Sort = [.. SortPaths.Zip(SortDescending, static (path, descending) => new SortField(path, descending))],
        Limit = Limit,
        MaxBytes = MaxBytes,
        Cursor = Cursor?.ToCursor(),
        Projection = Projection,
        HeaviestFirst = HeaviestFirst,
        Fields = Fields is null ? [] : Array.ConvertAll(Fields, static filter => filter.ToFilter()),
    };

    private static ServerTimestamp? Stamp(long? milliseconds) => milliseconds is { } value ? new ServerTimestamp(value) : null;
}
