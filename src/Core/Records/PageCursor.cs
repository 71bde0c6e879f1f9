using Lockstep.Core.Time;

namespace Lockstep.Core.Records;

/// <summary>The end of a page: the last record's place in the order, and what the list's stamp was on the first page.</summary>
/// <param name="Modified">Of the last record.</param>
/// <param name="Id">Of the last record.</param>
/// <param name="ListStamp">
/// Later pages show nothing newer and answer this as their ETag: clients keep the last page's, and what was written while
/// they paged must arrive when they poll with it.
/// </param>
/// <param name="SortKeys">For an order by fields, the last record's values: a JSON array of arrays, an empty one for a missing field.</param>
public sealed record PageCursor(ServerTimestamp Modified, string Id, ServerTimestamp ListStamp, string? SortKeys = null)
{
    /// <summary>As <see cref="ListStamp"/>: later pages show what is there by then, and answer the list's stamp of then.</summary>
    public static readonly ServerTimestamp Unbounded = new(long.MaxValue);

    /// <summary>Of the last record; null where it has none.</summary>
    public int? SortIndex { get; init; }
}
