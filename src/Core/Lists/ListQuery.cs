using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Lists;

/// <summary>Which records of a list, in which order, how many at once.</summary>
public sealed record ListQuery
{
    private static readonly SortField NewestFirst = new("last_modified", Descending: true);

    /// <summary>Kinto's <c>_since</c>: only what changed after this stamp. Also says what the reader has seen already.</summary>
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

    /// <summary>What fields must be; all of these. Not a store's affair, and not <see cref="Matches"/>'s. Default: none.</summary>
    public IReadOnlyList<FieldFilter> Fields { get; init; } = [];

    /// <summary>Most significant first; what is equal in all of them is ordered newest first. Default: newest first.</summary>
    public IReadOnlyList<SortField> Sort { get; init; } = [];

    /// <summary>Sorts by the records' own weight instead of <see cref="Sort"/>. Default: false.</summary>
    public bool HeaviestFirst { get; init; }

    /// <summary>
    /// Leaves out what has expired by then. Whoever owns the bucket says it, by its clock; it does not travel. Default: nothing
    /// expires.
    /// </summary>
    public ServerTimestamp? AliveAt { get; init; }

    /// <summary>Only what has expired by then. Does not travel either.</summary>
    public ServerTimestamp? ExpiredBy { get; init; }

    /// <summary>Only what expires, the first one first. Does not travel either.</summary>
    public bool ExpiringFirst { get; init; }

    /// <summary>Records a page.</summary>
    public required int Limit { get; init; }

    /// <summary>Bytes of rows a page, with what they say of rights where that is read; a page holds at least one record however large that is.</summary>
    public long MaxBytes { get; init; } = long.MaxValue;

    /// <summary>Which parts of the records. Default: all.</summary>
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

    /// <summary>Kinto shows tombstones exactly to those who filter on <c>last_modified</c>.</summary>
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

    /// <summary>Whether the row is one that the query asks for, whatever its fields are: what a store judges.</summary>
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
