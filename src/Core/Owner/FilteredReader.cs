using Lockstep.Core.Lists;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Reads and counts records by their fields. It reads rows from the store, some at a time, and keeps those that match. Invariants:
/// <list type="number">
/// <item>Without a place, it does no more work than any page may. Beyond that it takes a place and room, as a sort does, for no longer than
/// <see cref="BucketOptions.FilterTime"/>.</item>
/// <item>A page that reaches this limit says where to continue; a count that reaches it is refused.</item>
/// <item>It stops when its caller has gone.</item>
/// </list>
/// </summary>
internal sealed class FilteredReader(IBucketStore store, BucketOptions options, OwnerWork work, TimeProvider time)
{
    // For a first look, which needs no place.
    private const int FreeRows = 1_000;
    private const long FreeBytes = 1L << 20;

    private const int RowsAtOnce = 1_000;
    private const int CountedAtOnce = 10_000;

    /// <summary>Like <see cref="ListReader.ReadAsync"/>, in an order that the store reads in.</summary>
    /// <param name="heads">The bucket as the caller sees it.</param>
    /// <param name="head">The list, which must exist.</param>
    /// <param name="uncommitted">Rows on top of the store's; null when there are none.</param>
    /// <param name="query">What to read.</param>
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
        // :: Step 1: a first look. An index finds little beyond what is on the page.
        var page = new FilteredPage(heads, head, uncommitted, query, visible);
        var range = visible is null ? await IndexedReads.ForFiltersAsync(store, heads, head, query, options.MaxFilteredRecords, cancellationToken) : null;
        var first = range is null ? FreeRows : (int)Math.Min(FreeRows, query.Limit + 1L);
        await LookAsync(Math.Min(first, options.MaxFilteredRecords), Math.Min(FreeBytes, options.MaxFilteredBytes), turn: null);

        // :: Step 2: the rest, within the limits.
        if (!page.IsDone)
        {
            var went = await work.SortAsync(asker, 2 * options.MaxTurnBytes, GoOnAsync, cancellationToken);
            if (went is null && page.IsEmpty)
            {
                return (Unavailable.Overloaded, Math.Max(heads.Version, page.Version));
            }
        }

        return page.IsGone ? (null, page.Version) : (page.ToPage(), page.Version);

        async ValueTask<bool> GoOnAsync(WorkTurn turn)
        {
            var end = Deadline.After(options.FilterTime, time);
            while (!page.IsDone && page.Rows < options.MaxFilteredRecords && page.Bytes < options.MaxFilteredBytes && !end.HasCome)
            {
                if (!await LookAsync(
                    Math.Min(RowsAtOnce, options.MaxFilteredRecords - page.Rows), Math.Min(options.MaxTurnBytes * page.Looks, options.MaxFilteredBytes - page.Bytes), turn))
                {
                    return false;
                }
            }

            return true;
        }

        async ValueTask<bool> LookAsync(int rows, long bytes, WorkTurn? turn)
        {
            var scan = new RecordScan(heads.Key, head.Key, page.Beneath, rows, Math.Max(1, bytes / page.Looks)) { LiveRows = head.Count, Principals = visible?.Principals, Field = range };
            var found = turn is null ? await store.ScanAsync(scan, cancellationToken) : await turn.ReadAsync(store, () => store.ScanAsync(scan, cancellationToken), cancellationToken);
            if (found is { IsIndexed: false })
            {
                // The index was removed meanwhile, or an older program has written. Earlier results stand.
                range = null;
                return await LookAsync(rows, bytes, turn);
            }

            if (found is not null && turn is null)
            {
                page.Add(found, Deadline.After(options.FilterTime, time), cancellationToken);
            }
            else if (found is not null)
            {
                await WorkTurn.RunAsync(() =>
                {
                    page.Add(found, Deadline.After(options.FilterTime, time), cancellationToken);
                    return true;
                });
            }

            return found is not null;
        }
    }

    /// <summary>Counts the live records that match.</summary>
    /// <param name="heads">The bucket as the caller sees it.</param>
    /// <param name="head">The list, which must exist.</param>
    /// <param name="uncommitted">Rows on top of the store's; null when there are none.</param>
    /// <param name="query">The query, for live records only.</param>
    /// <param name="visible">The rows that the caller sees; null for all.</param>
    /// <param name="asker">The caller.</param>
    /// <param name="cancellationToken">Stops the count.</param>
    /// <returns>No outcome if the list was deleted from the store.</returns>
    public async ValueTask<(Outcome? Outcome, long Version)> CountAsync(
        BucketHeads heads,
        ListHead head,
        IReadOnlyDictionary<string, StoredRecord>? uncommitted,
        ListQuery query,
        VisibleRows? visible,
        Asker asker,
        CancellationToken cancellationToken)
    {
        var predicate = FieldPredicate.Of(query)!;
        var isSmall = head.Count <= FreeRows && head.Bytes <= FreeBytes / predicate.Looks && visible is null;
        var range = isSmall || visible is not null ? null : await IndexedReads.ForFiltersAsync(
            store, heads, head, query with { Sort = [new SortField("id", Descending: false)] }, Math.Min(options.MaxFilteredRecords, options.MaxCountedRecords), cancellationToken);
        return isSmall ? await CountAllAsync(turn: null)
            : await work.SortAsync(asker, 2 * options.MaxTurnBytes, CountAllAsync, cancellationToken) ?? (Unavailable.Overloaded, heads.Version);

        async ValueTask<(Outcome? Outcome, long Version)> CountAllAsync(WorkTurn? turn)
        {
            // In the order of ids each record is met once, whatever is written meanwhile. For a caller who sees a part, all rows that name them: the
            // store finds these in batches without touching the others.
            var scanned = (visible is null ? ListReader.Beneath(query, uncommitted) : new ListQuery { Since = ServerTimestamp.Zero, Limit = CountedAtOnce }) with
            {
                Fields = [],
                Cursor = null,
                Sort = [new SortField("id", Descending: false)],
                Projection = predicate.ReadsBodies ? Projection.Listed : Projection.Metadata,
            };
            var end = Deadline.After(work.MostTimeOf(asker), time);
            var (count, version, stamp) = (0L, 0L, head.RowsModified);
            for (var (more, rows) = (true, 0); more;)
            {
                if (rows >= options.MaxCountedRecords || end.HasCome)
                {
                    return (Unavailable.Overloaded, Math.Max(heads.Version, version));
                }

                var scan = new RecordScan(heads.Key, head.Key, scanned, CountedAtOnce, options.MaxTurnBytes) { LiveRows = head.Count, Principals = visible?.Principals, Field = range };
                var found = turn is null ? await store.ScanAsync(scan, cancellationToken) : await turn.ReadAsync(store, () => store.ScanAsync(scan, cancellationToken), cancellationToken);
                if (found is null)
                {
                    return (Unavailable.Overloaded, Math.Max(heads.Version, version));
                }

                if (!found.IsIndexed)
                {
                    range = null;
                    continue;
                }

                if (found.Head is null && uncommitted is null)
                {
                    return (null, found.Version);
                }

                version = Math.Max(version, found.Version);
                stamp = rows == 0 && visible is null && uncommitted is null ? ServerTimestamp.Max(stamp, found.Head!.RowsModified) : stamp;
                if ((turn is null ? CountIn(found.Records, end) : await WorkTurn.RunAsync(() => CountIn(found.Records, end))) is not { } counted)
                {
                    return (Unavailable.Overloaded, Math.Max(heads.Version, version));
                }

                count += counted;
                (more, rows) = (found.More, rows + found.Records.Count);
                scanned = found.Records.Count == 0 ? scanned : scanned with { Cursor = new PageCursor(found.Records[^1].Modified, found.Records[^1].Id, PageCursor.Unbounded) };
            }

            return (new CountFound(count + (uncommitted?.Values.LongCount(Counts) ?? 0), stamp), version);
        }

        int? CountIn(IReadOnlyList<StoredRecord> run, Deadline end)
        {
            var counted = 0;
            foreach (var row in run)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (end.HasCome)
                {
                    return null;
                }

                counted += Counts(row) && uncommitted?.ContainsKey(row.Id) != true ? 1 : 0;
            }

            return counted;
        }

        bool Counts(StoredRecord row) => query.Matches(row) && visible?.IsVisible(row) != false && predicate.Matches(row);
    }
}
