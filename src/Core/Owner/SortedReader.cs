using Lockstep.Core.Lists;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Reads pages in an order by fields, with or without filters on them. It reads all rows from the store, some at a time, and keeps no more than fit on the page. Invariants:
/// <list type="number">
/// <item>It takes a place and room before it reads: see <see cref="OwnerWork"/>.</item>
/// <item>Records and time (<see cref="OwnerWork.MostTimeOf"/>) are limited; a page that would need more is refused.</item>
/// <item>Runs of rows come from several snapshots. From the second run on, rows newer than the list's stamp at the first run are ignored. A newer write
/// could otherwise appear twice, and must arrive with the reader's next poll.</item>
/// </list>
/// </summary>
internal sealed class SortedReader(IBucketStore store, BucketOptions options, OwnerWork work, TimeProvider time)
{
    private const int RowsAtOnce = 5_000;

    // In addition to its data.
    private const long BytesARecord = 512;

    private Invalid TooMuch { get; } = new(InvalidReason.TooManyToSort, options.MaxSortedRecords);

    /// <summary>Like <see cref="ListReader.ReadAsync"/>, in an order by fields.</summary>
    /// <param name="heads">The bucket as the caller sees it.</param>
    /// <param name="head">The list, which must exist.</param>
    /// <param name="uncommitted">Rows on top of the store's; null when there are none.</param>
    /// <param name="query">The query.</param>
    /// <param name="visible">The rows that the caller sees; null for all.</param>
    /// <param name="asker">The caller.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async ValueTask<(Outcome? Outcome, long Version)> ReadAsync(
        BucketHeads heads,
        ListHead head,
        IReadOnlyDictionary<string, StoredRecord>? uncommitted,
        ListQuery query,
        VisibleRows? visible,
        Asker asker,
        CancellationToken cancellationToken)
    {
        var index = visible is null ? IndexedReads.ForOrder(heads, head, query) : null;
        if (index is not null && await ReadAsync(heads, head, uncommitted, query, visible, index, asker, cancellationToken) is { } read)
        {
            return read;
        }

        if (!query.HasFilters && visible is null && head.Count > options.MaxSortedRecords)
        {
            return (TooMuch, heads.Version);
        }

        return (await ReadAsync(heads, head, uncommitted, query, visible, index: null, asker, cancellationToken))!.Value;
    }

    /// <returns>Null if the index can no longer be used.</returns>
    private async ValueTask<(Outcome? Outcome, long Version)?> ReadAsync(
        BucketHeads heads,
        ListHead head,
        IReadOnlyDictionary<string, StoredRecord>? uncommitted,
        ListQuery query,
        VisibleRows? visible,
        (FieldRange Range, FieldKeyWriter Writer)? index,
        Asker asker,
        CancellationToken cancellationToken)
    {
        // The page and one run of rows; and keys, which may be longer than the values they come from.
        var kept = query with { MaxBytes = Math.Min(query.MaxBytes, options.MaxSortedBytes) };
        var most = kept.MaxBytes + options.MaxTurnBytes;
        var size = Math.Min(head.Bytes, most) + Math.Min(head.Count * SortKey.MaxLength, most) + (BytesARecord * Math.Min(head.Count, query.Limit + (long)RowsAtOnce));
        var isUsable = true;
        var sorted = await work.SortAsync(asker, size, SortAsync, cancellationToken) ?? (Unavailable.Overloaded, heads.Version);
        return isUsable ? sorted : null;

        async ValueTask<(Outcome? Outcome, long Version)> SortAsync(WorkTurn turn)
        {
            var page = new FirstByFields(kept, most);
            if (page.Invalid is { } invalid)
            {
                return (invalid, heads.Version);
            }

            // As much of an index as may fit on the page, plus at most one key that was cut.
            var (range, atOnce) = (index?.Range, index is null ? RowsAtOnce : (int)Math.Min(query.Limit + 1L, RowsAtOnce));
            if (range is not null && query.Cursor is { } behind)
            {
                range = range.Behind(page.KeyOfCursor(index!.Value.Writer), behind.Modified, behind.Id);
            }

            var predicate = FieldPredicate.Of(query);
            var end = Deadline.After(work.MostTimeOf(asker), time);

            // Newest first; on a later page from its list's stamp.
            var bound = query.Cursor?.ListStamp ?? PageCursor.Unbounded;
            var scanned = ListReader.Beneath(query with { Sort = [] }, uncommitted, visible) with
            {
                Fields = [],
                Cursor = bound == PageCursor.Unbounded ? null : new PageCursor(bound.Plus(1), "", bound),
            };
            var stamp = visible is null ? head.Stamp(heads.Rules) : head.RowsModified;
            var (version, rows) = (0L, 0L);
            for (var (more, isFirst) = (true, true); more; isFirst = false)
            {
                if (rows > options.MaxSortedRecords || end.HasCome)
                {
                    return (rows > options.MaxSortedRecords ? TooMuch : Unavailable.Overloaded, Math.Max(heads.Version, version));
                }

                var scan = new RecordScan(heads.Key, head.Key, scanned, atOnce, options.MaxTurnBytes) { LiveRows = head.Count, Principals = visible?.Principals, Field = range };
                var found = await turn.ReadAsync(store, () => store.ScanAsync(scan, cancellationToken), cancellationToken);
                if (found is null)
                {
                    return (Unavailable.Overloaded, Math.Max(heads.Version, version));
                }

                isUsable = found.IsIndexed;
                if (!isUsable)
                {
                    return (null, found.Version);
                }

                if (found.Head is null && uncommitted is null)
                {
                    return (null, found.Version);
                }

                if (isFirst && uncommitted is null && found.Head is { } stored)
                {
                    stamp = visible is null ? stored.Stamp(heads.Rules) : stamp;
                    bound = query.Cursor?.ListStamp ?? stored.RowsModified;
                }

                if (!await WorkTurn.RunAsync(() => TryOffer(found.Records)))
                {
                    return (Unavailable.Overloaded, Math.Max(heads.Version, version));
                }

                (version, more) = (Math.Max(version, found.Version), found.More);
                if (range is not null)
                {
                    if (found.Records.Count > 0)
                    {
                        var last = found.Records[^1];
                        var key = index!.Value.Writer.Of(last);
                        more = more && !page.IsBehind(key, index.Value.Writer, range.IsDescending == true);
                        range = range with { After = (key, last.Modified, last.Id) };
                    }

                    atOnce = Math.Min(2 * atOnce, RowsAtOnce);
                    scanned = scanned with { Cursor = bound == PageCursor.Unbounded ? null : new PageCursor(bound.Plus(1), "", bound) };
                    continue;
                }

                scanned = found.Records.Count == 0 ? scanned : scanned with { Cursor = new PageCursor(found.Records[^1].Modified, found.Records[^1].Id, bound) };
            }

            foreach (var row in (uncommitted?.Values ?? []).Where(row => query.Matches(row) && (query.Cursor is null || row.Modified <= query.Cursor.ListStamp)))
            {
                Offer(row);
            }

            return (page.ToPage(stamp), version);

            bool TryOffer(IReadOnlyList<StoredRecord> run)
            {
                foreach (var row in run)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (end.HasCome)
                    {
                        return false;
                    }

                    // For a caller who sees a part, the store may return more than was asked for.
                    if (visible is null || (query.Matches(row) && uncommitted?.ContainsKey(row.Id) != true))
                    {
                        rows++;
                        Offer(row);
                    }
                }

                return true;
            }

            void Offer(StoredRecord row)
            {
                if (visible?.IsVisible(row) != false && predicate?.Matches(row) != false)
                {
                    page.Offer(query.Projection == Projection.Listed ? row with { Acl = default(ReadOnlyMemory<byte>?) } : row);
                }
            }
        }
    }
}
