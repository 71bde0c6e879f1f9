using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Lists;

/// <summary>Selects records of a list: which, in which order, and how many a page.</summary>
public sealed record ListQuery
{
    private static readonly SortField NewestFirst = new("last_modified", Descending: true);

    /// <summary>Only changes after this stamp. Also tells what the reader has seen already.</summary>
    /// <remarks>Kinto: <c>_since</c>.</remarks>
    public ServerTimestamp? Since { get; init; }

    /// <summary>Lower bound of <c>last_modified</c>, exclusive.</summary>
    public ServerTimestamp? After { get; init; }

    /// <summary>Upper bound of <c>last_modified</c>, exclusive.</summary>
    public ServerTimestamp? Before { get; init; }

    /// <summary>Only tombstones, or only live records. Default: both where tombstones show at all.</summary>
    public bool? Deleted { get; init; }

    /// <summary>Only these ids.</summary>
    public IReadOnlyList<string>? Ids { get; init; }

    /// <summary>Not these ids.</summary>
    public IReadOnlyList<string>? ExcludedIds { get; init; }

    /// <summary>Field filters, all of which must be met. Neither the store nor <see cref="Matches"/> applies them. Default: none.</summary>
    public IReadOnlyList<FieldFilter> Fields { get; init; } = [];

    /// <summary>Most significant first. Records that are equal in all of them are ordered newest first. Default: newest first.</summary>
    public IReadOnlyList<SortField> Sort { get; init; } = [];

    /// <summary>Sorts by the records' own weight instead of <see cref="Sort"/>. Default: false.</summary>
    public bool HeaviestFirst { get; init; }

    /// <summary>
    /// Leaves out records that have expired by this time. The bucket's owner sets it, by its clock; it is not sent between processes. Default: nothing
    /// expires.
    /// </summary>
    public ServerTimestamp? AliveAt { get; init; }

    /// <summary>Only records that have expired by this time. Not sent between processes either.</summary>
    public ServerTimestamp? ExpiredBy { get; init; }

    /// <summary>Only records that expire, the earliest first. Not sent between processes either.</summary>
    public bool ExpiringFirst { get; init; }

    /// <summary>Records a page.</summary>
    public required int Limit { get; init; }

    /// <summary>Bytes of rows a page, including rights where they are read. A page holds at least one record, however large it is.</summary>
    public long MaxBytes { get; init; } = long.MaxValue;

    /// <summary>The parts of the records to read. Default: all.</summary>
    public Projection Projection { get; init; }

    /// <summary>Where an earlier page ended.</summary>
    public PageCursor? Cursor { get; init; }

    /// <summary>Bytes that it takes in memory, roughly.</summary>
    public long Size
    {
        get
        {
            const int each = 64;
            return each + Of(Ids) + Of(ExcludedIds) + Fields.Sum(static filter => each + (2L * (filter.Path.Length + filter.Value.Length)))
                + Sort.Sum(static sort => each + (2L * sort.Path.Length)) + (Cursor is { SortKeys: { } keys } ? 2L * keys.Length : 0);

            static long Of(IReadOnlyList<string>? ids) => ids?.Sum(static id => each + (2L * id.Length)) ?? 0;
        }
    }

    /// <summary>Whether tombstones show: to readers who filter on the stamp, and to nobody else.</summary>
    /// <remarks>As Kinto does.</remarks>
    public bool ShowsTombstones => Since is not null || After is not null || Before is not null;

    public bool HasFilters => ShowsTombstones || Deleted is not null || Ids is not null || ExcludedIds is not null || Fields.Count > 0;

    public ServerTimestamp? LowerBound =>
        Since is { } since && After is { } after ? ServerTimestamp.Max(since, after) : Since ?? After;

    public ListOrder Order => HeaviestFirst ? ListOrder.HeaviestFirst : ExpiringFirst ? ListOrder.ExpiringFirst : (Sort.Count == 0 ? NewestFirst : Sort[0]) switch
    {
        { Path: "last_modified", Descending: true } => ListOrder.NewestFirst,
        { Path: "last_modified" } => ListOrder.OldestFirst,
        { Path: "id", Descending: true } => ListOrder.IdDescending,
        { Path: "id" } => ListOrder.IdAscending,
        _ => ListOrder.Fields,
    };

    /// <summary>Whether a row meets the query apart from field filters: the part that a store decides.</summary>
    public bool Matches(StoredRecord record) =>
        (!record.IsTombstone || ShowsTombstones)
        && (Deleted is null || record.IsTombstone == Deleted)
        && (LowerBound is not { } lower || record.Modified > lower)
        && (Before is not { } before || record.Modified < before)
        && (AliveAt is not { } instant || !(record.Expiry <= instant))
        && (ExpiredBy is not { } expired || record.Expiry <= expired)
        && (!ExpiringFirst || record.Expiry is not null)
        && (Ids is null || Ids.Contains(record.Id, StringComparer.Ordinal))
        && (ExcludedIds is null || !ExcludedIds.Contains(record.Id, StringComparer.Ordinal));
}
