using Lockstep.Core.Lists;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Reads a page of a list: the store's rows, covered by those that a turn has written but not committed. Invariants:
/// <list type="number">
/// <item>A page is a run of the merged list's order without gaps. If the store stopped early, uncommitted rows after
/// its last row wait for the next page.</item>
/// <item>Pages after the first show nothing newer than the first page's list stamp, and carry that stamp.</item>
/// <item>Sorting and filtering by fields is left to <see cref="SortedReader"/> and <see cref="FilteredReader"/>.</item>
/// </list>
/// </summary>
internal sealed class ListReader(IBucketStore store, BucketOptions options, OwnerWork work, FilteredReader filtered, SortedReader sorted)
{
    // In addition to its data.
    private const long BytesARecord = 512;

    /// <param name="heads">The bucket as the caller sees it.</param>
    /// <param name="head">The list, which must exist.</param>
    /// <param name="uncommitted">Rows on top of the store's; null when there are none, and then the stamp comes from the store.</param>
    /// <param name="query">The query.</param>
    /// <param name="asker">The caller.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <returns>The page and the version at which it was read; no outcome if the list was deleted from the store.</returns>
    public async ValueTask<(Outcome? Outcome, long Version)> ReadAsync(
        BucketHeads heads,
        ListHead head,
        IReadOnlyDictionary<string, StoredRecord>? uncommitted,
        ListQuery query,
        Asker asker,
        CancellationToken cancellationToken)
    {
        return query.Order == ListOrder.Fields ? await sorted.ReadAsync(heads, head, uncommitted, query, visible: null, asker, cancellationToken)
            : query.Fields.Count > 0 ? await filtered.ReadAsync(heads, head, uncommitted, query, visible: null, asker, cancellationToken)
            : await ReadInOrderAsync(heads, head, uncommitted, query, cancellationToken);
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
                : (RecordSelection.Page(rows.Records, rows.More, query, rows.Head.Stamp(heads.Rules)) with { Total = Total(rows.Head) }, rows.Version);
        }

        var order = query.Order;
        var last = rows.More ? rows.Records[^1] : null;
        var merged = rows.Records.Concat(uncommitted.Values.Where(row => query.Matches(row)
                && (query.Cursor is null || (row.Modified <= query.Cursor.ListStamp && RecordOrder.IsPast(order, row, query.Cursor)))
                && (last is null || RecordOrder.Compare(order, row, last) < 0))).ToList();
        merged.Sort((a, b) => RecordOrder.Compare(order, a, b));
        return (RecordSelection.Page(merged, rows.More, query, head.Stamp(heads.Rules)) with { Total = Total(head) }, rows.Version);

        long? Total(ListHead of) => query.HasFilters || query.Cursor is not null || heads.Rules.Expires ? null : of.Count;
    }

    // After this many a page ends early, with a cursor.
    private const int MaxChunks = 64;

    // What a count inside a turn reads.
    private const int ChunksInATurn = 10;
    private const int CandidatesAtOnce = 1_000;

    private static readonly Invalid TooManyToCount = new(InvalidReason.TooManyToCount, ChunksInATurn * CandidatesAtOnce);

    /// <summary>Like <see cref="ReadAsync"/>, for a caller who sees only some of the rows.</summary>
    /// <param name="heads">The bucket.</param>
    /// <param name="head">The list as the caller sees it; its stamp is the page's.</param>
    /// <param name="uncommitted">Rows on top of the store's; null when there are none.</param>
    /// <param name="query">The query.</param>
    /// <param name="visible">The rows that the caller sees.</param>
    /// <param name="asker">The caller.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async ValueTask<(Outcome? Outcome, long Version)> ReadVisibleAsync(
        BucketHeads heads,
        ListHead head,
        IReadOnlyDictionary<string, StoredRecord>? uncommitted,
        ListQuery query,
        VisibleRows visible,
        Asker asker,
        CancellationToken cancellationToken)
    {
        if (query.Order == ListOrder.Fields)
        {
            return await sorted.ReadAsync(heads, head, uncommitted, query, visible, asker, cancellationToken);
        }

        if (query.Fields.Count > 0)
        {
            return await filtered.ReadAsync(heads, head, uncommitted, query, visible, asker, cancellationToken);
        }

        // :: Step 1: candidates from the store, some at a time.
        var beneath = Beneath(query, uncommitted);
        var (found, bytes, cursor, more, version) = (new List<StoredRecord>(), 0L, query.Cursor, true, 0L);
        var atOnce = (int)Math.Min(query.Limit + 1L, CandidatesAtOnce);
        for (var chunk = 0; more && chunk < MaxChunks && found.Count <= query.Limit && bytes < query.MaxBytes; chunk++)
        {
            var scan = new RecordScan(heads.Key, head.Key, beneath with { Cursor = cursor }, atOnce, Math.Min(query.MaxBytes, options.MaxTurnBytes))
            {
                LiveRows = head.Count,
                Principals = visible.Principals,
            };
            var rows = await store.ScanAsync(scan, cancellationToken);
            if (rows.Head is null && uncommitted is null)
            {
                return (null, rows.Version);
            }

            version = Math.Max(version, rows.Version);
            atOnce = Math.Min(4 * atOnce, CandidatesAtOnce);
            foreach (var record in rows.Records.Where(visible.IsVisible))
            {
                var shown = Shown(record, query);
                found.Add(shown);
                bytes += shown.Size;
            }

            more = rows.More;
            if (rows.Records.Count > 0)
            {
                var last = rows.Records[^1];
                cursor = new PageCursor(last.Modified, last.Id, query.Cursor?.ListStamp ?? PageCursor.Unbounded) { SortIndex = last.SortIndex };
            }
        }

        // :: Step 2: the turn's changes, as far as the store was read.
        if (uncommitted is { Count: > 0 })
        {
            var end = more ? cursor : null;
            found.AddRange(uncommitted.Values.Where(row => query.Matches(row) && visible.IsVisible(row)
                && (query.Cursor is null || (row.Modified <= query.Cursor.ListStamp && RecordOrder.IsPast(query.Order, row, query.Cursor)))
                && (end is null || !RecordOrder.IsPast(query.Order, row, end))).Select(row => Shown(row, query)));
            found.Sort((a, b) => RecordOrder.Compare(query.Order, a, b));
        }

        var page = RecordSelection.Page(found, more, query, head.RowsModified);
        return (page.Next is null && more && page.Records.Count == 0
            ? page with { Next = cursor! with { ListStamp = page.ListStamp } }
            : page, version);
    }

    /// <summary>The part of a row that a page keeps, when the row was read for its permissions.</summary>
    private static StoredRecord Shown(StoredRecord record, ListQuery query) =>
        query.Projection == Projection.Listed ? record with { Acl = default(ReadOnlyMemory<byte>?) } : record;

    /// <summary>Counts the live rows that a caller sees. This reads every row that names the caller, so it needs a place, as a sort does.</summary>
    /// <returns>No outcome if the list was deleted from the store.</returns>
    public async ValueTask<(Outcome? Outcome, long Version)> CountVisibleAsync(
        BucketHeads heads, ListHead head, ListQuery query, VisibleRows visible, Asker asker, CancellationToken cancellationToken) =>
        await work.SortAsync(
            asker, Math.Min(options.MaxTurnBytes, BytesARecord * CandidatesAtOnce), turn => CountVisibleAsync(heads, head, uncommitted: null, query, visible, int.MaxValue, turn, cancellationToken), cancellationToken)
            ?? (Unavailable.Overloaded, heads.Version);

    /// <summary>The same inside a turn, where it waits for no place and all other requests wait for it. A large count is refused, and retrying would not help.</summary>
    public ValueTask<(Outcome? Outcome, long Version)> CountFewVisibleAsync(
        BucketHeads heads, ListHead head, IReadOnlyDictionary<string, StoredRecord>? uncommitted, ListQuery query, VisibleRows visible, CancellationToken cancellationToken) =>
        CountVisibleAsync(heads, head, uncommitted, query, visible, ChunksInATurn, turn: null, cancellationToken);

    private async ValueTask<(Outcome? Outcome, long Version)> CountVisibleAsync(
        BucketHeads heads,
        ListHead head,
        IReadOnlyDictionary<string, StoredRecord>? uncommitted,
        ListQuery query,
        VisibleRows visible,
        int chunks,
        WorkTurn? turn,
        CancellationToken cancellationToken)
    {
        var (count, version, more) = (0L, 0L, true);

        // Every row that names the caller, so that the store finds each thousand without touching the others. The query is applied here.
        var all = new ListQuery { Since = ServerTimestamp.Zero, Sort = [new SortField("id", Descending: false)], Projection = Projection.Metadata, Limit = CandidatesAtOnce };
        for (var chunk = 0; more; chunk++)
        {
            if (chunk == chunks)
            {
                return (TooManyToCount, version);
            }

            var scan = new RecordScan(heads.Key, head.Key, all, CandidatesAtOnce, options.MaxTurnBytes) { Principals = visible.Principals };
            var rows = turn is null ? await store.ScanAsync(scan, cancellationToken) : await turn.ReadAsync(store, () => store.ScanAsync(scan, cancellationToken), cancellationToken);
            if (rows is null)
            {
                return (Unavailable.Overloaded, Math.Max(heads.Version, version));
            }

            if (rows.Head is null && uncommitted is null)
            {
                return (null, rows.Version);
            }

            (version, more) = (Math.Max(version, rows.Version), rows.More);
            count += rows.Records.Count(row => query.Matches(row) && uncommitted?.ContainsKey(row.Id) != true && visible.IsVisible(row));
            all = rows.Records.Count == 0 ? all : all with { Cursor = new PageCursor(rows.Records[^1].Modified, rows.Records[^1].Id, PageCursor.Unbounded) };
        }

        return (new CountFound(count + (uncommitted?.Values.Count(row => query.Matches(row) && visible.IsVisible(row)) ?? 0), head.RowsModified), version);
    }

    /// <summary>
    /// The store leaves out rows that uncommitted rows cover. If they were left out here instead, a page could be empty where the store
    /// stopped at a limit, and an empty page cannot say where to continue.
    /// </summary>
    /// <param name="query">The query.</param>
    /// <param name="uncommitted">The rows that cover the store's rows.</param>
    /// <param name="visible">
    /// The rows of a caller who sees a part of the list. Newest first, the store returns every row in the range of stamps that names them, in batches. The
    /// reader leaves out rows that do not match the query or are covered.
    /// </param>
    public static ListQuery Beneath(ListQuery query, IReadOnlyDictionary<string, StoredRecord>? uncommitted, VisibleRows? visible) =>
        visible is null || query.Ids is not null || query.Order != ListOrder.NewestFirst
            ? Beneath(query, uncommitted)
            : query with { Since = query.ShowsTombstones ? query.Since : ServerTimestamp.Zero, Deleted = null, ExcludedIds = null };

    /// <inheritdoc cref="Beneath(ListQuery, IReadOnlyDictionary{string, StoredRecord}, VisibleRows)"/>
    public static ListQuery Beneath(ListQuery query, IReadOnlyDictionary<string, StoredRecord>? uncommitted) =>
        uncommitted is null or { Count: 0 } ? query : query with { ExcludedIds = [.. query.ExcludedIds ?? [], .. uncommitted.Keys] };
}
