using Lockstep.Core.Lists;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Reads a page of a list: the store's rows, covered by those that a turn has written but not committed. Invariants:
/// <list type="number">
/// <item>A page is a run of the merged list's order without gaps: when the store stopped early, uncommitted rows beyond
/// its last row wait for the next page.</item>
/// <item>Pages after the first show nothing newer than the first page's list stamp, and answer that stamp.</item>
/// <item>What is sorted has a place and room before it is read: see <see cref="OwnerWork"/>.</item>
/// </list>
/// </summary>
internal sealed class ListReader(IBucketStore store, BucketOptions options, OwnerWork work)
{
    // Beside its data.
    private const long BytesARecord = 512;

    private Invalid TooMuch { get; } = new(
        "querystring",
        "_sort",
        $"Too much to sort by this field (over {options.MaxSortedRecords} records or {options.MaxSortedBytes} bytes match); sort by last_modified or id.");

    /// <param name="heads">The bucket as the caller sees it.</param>
    /// <param name="head">The list, which exists.</param>
    /// <param name="uncommitted">Rows on top of the store's; null when there are none, and then the stamp comes from the store.</param>
    /// <param name="query">What to read.</param>
    /// <param name="user">Who asks; empty for the server itself.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <returns>The page and the version it was read at; no outcome when the list is gone from the store.</returns>
    public async ValueTask<(Outcome? Outcome, long Version)> ReadAsync(
        BucketHeads heads,
        ListHead head,
        IReadOnlyDictionary<string, StoredRecord>? uncommitted,
        ListQuery query,
        string user,
        CancellationToken cancellationToken)
    {
        if (query.Order != ListOrder.Fields)
        {
            return await ReadInOrderAsync(heads, head, uncommitted, query, cancellationToken);
        }

        if (!query.HasFilters && head.Count > options.MaxSortedRecords)
        {
            return (TooMuch, heads.Version);
        }

        // Keys are copies of what they come from.
        var size = (2 * Math.Min(head.Bytes, options.MaxSortedBytes)) + (BytesARecord * Math.Min(head.Count, options.MaxSortedRecords));
        return await work.SortAsync(user, size, () => ReadSortedAsync(heads, head, uncommitted, query, cancellationToken), cancellationToken)
            ?? (Unavailable.Overloaded, heads.Version);
    }

    private async ValueTask<(Outcome? Outcome, long Version)> ReadInOrderAsync(
        BucketHeads heads,
        ListHead head,
        IReadOnlyDictionary<string, StoredRecord>? uncommitted,
        ListQuery query,
        CancellationToken cancellationToken)
    {
        var scan = new RecordScan(heads.Key, head.Key, Beneath(query, uncommitted), query.Limit, query.MaxBytes) { LiveRows = head.Count };
        var rows = await store.ScanAsync(scan, cancellationToken);
        if (uncommitted is null)
        {
            return rows.Head is null
                ? (null, rows.Version)
                : (RecordSelection.Page(rows.Records, rows.More, query, rows.Head.Stamp(heads.Rules)), rows.Version);
        }

        var order = query.Order;
        var last = rows.More ? rows.Records[^1] : null;
        var merged = rows.Records.Concat(uncommitted.Values.Where(row => query.Matches(row)
                && (query.Cursor is null || (row.Modified <= query.Cursor.ListStamp && RecordOrder.IsPast(order, row, query.Cursor)))
                && (last is null || RecordOrder.Compare(order, row, last) < 0))).ToList();
        merged.Sort((a, b) => RecordOrder.Compare(order, a, b));
        return (RecordSelection.Page(merged, rows.More, query, head.Stamp(heads.Rules)), rows.Version);
    }

    private async ValueTask<(Outcome? Outcome, long Version)> ReadSortedAsync(
        BucketHeads heads,
        ListHead head,
        IReadOnlyDictionary<string, StoredRecord>? uncommitted,
        ListQuery query,
        CancellationToken cancellationToken)
    {
        var scan = new RecordScan(heads.Key, head.Key, Beneath(query, uncommitted) with { Cursor = null }, options.MaxSortedRecords, options.MaxSortedBytes);
        var rows = await store.ScanAsync(scan, cancellationToken);
        if (rows.Head is null && uncommitted is null)
        {
            return (null, rows.Version);
        }

        if (rows.More)
        {
            return (TooMuch, rows.Version);
        }

        var records = uncommitted is null ? rows.Records : rows.Records.Concat(uncommitted.Values);
        return (RecordSelection.Page(records, query, (uncommitted is null ? rows.Head! : head).Stamp(heads.Rules), cancellationToken), rows.Version);
    }

    /// <summary>
    /// The store leaves out what uncommitted rows cover: were it left out here, a page could end up empty where the store
    /// stopped at a limit, and an empty page cannot say where to go on.
    /// </summary>
    public static ListQuery Beneath(ListQuery query, IReadOnlyDictionary<string, StoredRecord>? uncommitted) =>
        uncommitted is null or { Count: 0 } ? query : query with { ExcludedIds = [.. query.ExcludedIds ?? [], .. uncommitted.Keys] };
}
