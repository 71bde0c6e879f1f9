using Lockstep.Core.Time;

namespace Lockstep.Core.Records;

/// <summary>The end of a page: the last record's place in the order, and the list's stamp on the first page.</summary>
/// <param name="Modified">Of the last record.</param>
/// <param name="Id">Of the last record.</param>
/// <param name="ListStamp">
/// Later pages show nothing newer and answer this stamp as their ETag. Clients keep the last page's ETag, and must get the writes that happened while
/// they paged when they poll with it.
/// </param>
/// <param name="SortKeys">For an order by fields, the last record's values: a JSON array of arrays, an empty one for a missing field.</param>
public sealed record PageCursor(ServerTimestamp Modified, string Id, ServerTimestamp ListStamp, string? SortKeys = null)
{
    /// <summary>As <see cref="ListStamp"/>, but later pages show the list as it then is, and answer its current stamp.</summary>
    public static readonly ServerTimestamp Unbounded = new(long.MaxValue);

    /// <summary>The last record's; null where it has none.</summary>
    public int? SortIndex { get; init; }
}
