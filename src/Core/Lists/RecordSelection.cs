using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Lists;

/// <summary>Selects a page from records that are all in memory.</summary>
public static class RecordSelection
{
    /// <param name="records">Candidates; those that do not match are left out.</param>
    /// <param name="query">The records to take, and their order.</param>
    /// <param name="stamp">The list's stamp; later pages answer the first one's instead.</param>
    /// <param name="givenUp">Cancelled when nobody waits for the page any more.</param>
    /// <returns>A page, or that the cursor does not belong to this order.</returns>
    /// <exception cref="OperationCanceledException">The work was given up.</exception>
    public static Outcome Page(IEnumerable<StoredRecord> records, ListQuery query, ServerTimestamp stamp, CancellationToken givenUp = default)
    {
        var predicate = FieldPredicate.Of(query);
        var matching = Until(records, givenUp).Where(query.Matches).Where(record => query.Cursor is null || record.Modified <= query.Cursor.ListStamp)
            .Where(record => predicate is null || predicate.Matches(record));
        return query.Order == ListOrder.Fields ? ByFields(matching, query, stamp) : InOrder(matching, query, stamp);
    }

    /// <summary>How many live records match, on any page.</summary>
    /// <exception cref="OperationCanceledException">The work was given up.</exception>
    public static long Count(IEnumerable<StoredRecord> records, ListQuery query, CancellationToken givenUp = default)
    {
        var predicate = FieldPredicate.Of(query);
        return Until(records, givenUp).LongCount(record => !record.IsTombstone && query.Matches(record) && (predicate is null || predicate.Matches(record)));
    }

    /// <summary>As <see cref="Page(IEnumerable{StoredRecord}, ListQuery, ServerTimestamp, CancellationToken)"/>, but stops when the time is over; looks at one record at least.</summary>
    /// <returns>The outcome, and how many records were looked at.</returns>
    public static (Outcome Outcome, int Looked) Page(
        IReadOnlyList<StoredRecord> records, ListQuery query, ServerTimestamp stamp, Deadline end, CancellationToken givenUp)
    {
        var looked = new Looked();
        return (Page(InTime(records, end, looked), query, stamp, givenUp), looked.Count);
    }

    /// <summary>As <see cref="Count(IEnumerable{StoredRecord}, ListQuery, CancellationToken)"/>, but stops when the time is over; looks at one record at least.</summary>
    /// <returns>The count, and how many records were looked at.</returns>
    public static (long Count, int Looked) Count(IReadOnlyList<StoredRecord> records, ListQuery query, Deadline end, CancellationToken givenUp)
    {
        var looked = new Looked();
        return (Count(InTime(records, end, looked), query, givenUp), looked.Count);
    }

    private static IEnumerable<StoredRecord> InTime(IReadOnlyList<StoredRecord> records, Deadline end, Looked looked)
    {
        while (looked.Count < records.Count && (looked.Count == 0 || !end.HasCome))
        {
            yield return records[looked.Count++];
        }
    }

    private sealed class Looked
    {
        public int Count { get; set; }
    }

    private static IEnumerable<StoredRecord> Until(IEnumerable<StoredRecord> records, CancellationToken givenUp)
    {
        foreach (var record in records)
        {
            givenUp.ThrowIfCancellationRequested();
            yield return record;
        }
    }

    /// <summary>As many records from the front as the query's limits allow, at least one.</summary>
    internal static List<T> Take<T>(IReadOnlyList<T> entries, ListQuery query, Func<T, StoredRecord> recordOf)
    {
        var taken = new List<T>(Math.Min(entries.Count, query.Limit));
        long bytes = 0;
        foreach (var entry in entries)
        {
            if (taken.Count == query.Limit || bytes >= query.MaxBytes)
            {
                break;
            }

            taken.Add(entry);
            bytes += recordOf(entry).Size;
        }

        return taken;
    }

    /// <param name="sorted">Matching records past the cursor, in order.</param>
    /// <param name="more">Whether there are more records after these.</param>
    /// <param name="query">Limits and cursor.</param>
    /// <param name="stamp">The list's stamp.</param>
    internal static PageFound Page(IReadOnlyList<StoredRecord> sorted, bool more, ListQuery query, ServerTimestamp stamp)
    {
        var listStamp = query.Cursor is null || query.Cursor.ListStamp == PageCursor.Unbounded ? stamp : query.Cursor.ListStamp;
        var taken = Take(sorted, query, static record => record);
        var next = taken.Count > 0 && (more || taken.Count < sorted.Count)
            ? new PageCursor(taken[^1].Modified, taken[^1].Id, listStamp) { SortIndex = taken[^1].SortIndex }
            : null;
        return new PageFound(taken, listStamp, next);
    }

    private static PageFound InOrder(IEnumerable<StoredRecord> matching, ListQuery query, ServerTimestamp stamp)
    {
        var sorted = matching.Where(record => query.Cursor is null || RecordOrder.IsPast(query.Order, record, query.Cursor)).ToList();
        sorted.Sort((a, b) => RecordOrder.Compare(query.Order, a, b));
        return Page(sorted, more: false, query, stamp);
    }

    private static Outcome ByFields(IEnumerable<StoredRecord> matching, ListQuery query, ServerTimestamp stamp)
    {
        var page = new FirstByFields(query);
        if (page.Invalid is { } invalid)
        {
            return invalid;
        }

        foreach (var record in matching)
        {
            page.Offer(record);
        }

        return page.ToPage(stamp);
    }
}
