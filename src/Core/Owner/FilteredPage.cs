using Lockstep.Core.Lists;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// A page of the records whose fields match, built from runs of the store's rows. Invariants:
/// <list type="number">
/// <item>The page holds every match in a run of the merged order that begins at the query's cursor. If the run ends before the list does, the page
/// says where to continue, even if it is empty.</item>
/// <item>Later runs of a first page show nothing newer than the list's stamp at the first run. A newer write could otherwise appear
/// twice, and must arrive with the reader's next poll.</item>
/// <item>Rows that the caller may not see reveal nothing except whether there are more.</item>
/// <item>A run is examined only until its deadline; the next run reads the rest again. A full page asks for no more runs. If the current run
/// does not end the list, the page says where to continue, and there may be nothing left.</item>
/// </list>
/// </summary>
internal sealed class FilteredPage
{
    private readonly BucketHeads heads;
    private readonly ListHead head;
    private readonly ListQuery query;
    private readonly VisibleRows? visible;
    private readonly FieldPredicate predicate;
    private readonly IReadOnlyDictionary<string, StoredRecord>? covering;
    private readonly List<StoredRecord> found = [];

    // Matching rows of the turn's changes; the first in order is the last here.
    private readonly Stack<StoredRecord> uncommitted;

    private ServerTimestamp stamp;
    private ServerTimestamp bound = PageCursor.Unbounded;
    private StoredRecord? last;
    private StoredRecord? lastSeen;
    private long bytes;
    private bool hasMore;
    private bool isRead;

    /// <param name="heads">The bucket.</param>
    /// <param name="head">The list as the caller sees it.</param>
    /// <param name="uncommitted">Rows on top of the store's; null when there are none, and then the stamp for a caller who sees everything comes from the store.</param>
    /// <param name="query">The query, with filters on fields, in an order that the store reads in.</param>
    /// <param name="visible">The rows that the caller sees; null for all.</param>
    public FilteredPage(BucketHeads heads, ListHead head, IReadOnlyDictionary<string, StoredRecord>? uncommitted, ListQuery query, VisibleRows? visible)
    {
        (this.heads, this.head, this.query, this.visible) = (heads, head, query, visible);
        covering = uncommitted;
        stamp = visible is null ? head.Stamp(heads.Rules) : head.RowsModified;
        predicate = FieldPredicate.Of(query)!;
        Beneath = ListReader.Beneath(query, uncommitted, visible) with
        {
            Fields = [],

            // Deleted data is examined, but not kept.
            Projection = query.Projection == Projection.Metadata && predicate.ReadsBodies ? Projection.Whole : query.Projection,
        };
        List<StoredRecord> changed = [.. (uncommitted?.Values ?? []).Where(row => query.Matches(row) && visible?.IsVisible(row) != false && predicate.Matches(row)
            && (query.Cursor is null || (row.Modified <= query.Cursor.ListStamp && RecordOrder.IsPast(query.Order, row, query.Cursor))))];
        changed.Sort((a, b) => RecordOrder.Compare(query.Order, b, a));
        this.uncommitted = new Stack<StoredRecord>(changed);
    }

    /// <summary>The query for the next run.</summary>
    public ListQuery Beneath { get; private set; }

    /// <summary>The version of the newest snapshot.</summary>
    public long Version { get; private set; }

    /// <summary>Whether the list was deleted meanwhile.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Whether nothing more has to be read.</summary>
    public bool IsDone => IsGone || hasMore || isRead || IsFull;

    public bool IsEmpty => found.Count == 0;

    /// <summary>Rows examined.</summary>
    public int Rows { get; private set; }

    /// <summary>Bytes of these, counted once for each time that they may be gone through.</summary>
    public long Bytes { get; private set; }

    /// <summary>How often one row may be gone through.</summary>
    public int Looks => predicate.Looks;

    private bool IsFull => found.Count == query.Limit || bytes >= query.MaxBytes;

    /// <param name="rows">The run after the previous one.</param>
    /// <param name="end">When to stop; at least one row is examined.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public void Add(RecordRows rows, Deadline end, CancellationToken cancellationToken)
    {
        Version = Math.Max(Version, rows.Version);
        if (rows.Head is null && covering is null)
        {
            IsGone = true;
            return;
        }

        if (Rows == 0 && covering is null && rows.Head is { } stored)
        {
            bound = stored.RowsModified;
            stamp = visible is null ? stored.Stamp(heads.Rules) : stamp;
        }

        var isCut = false;
        for (var i = 0; i < rows.Records.Count && !isCut; i++)
        {
            var row = rows.Records[i];
            cancellationToken.ThrowIfCancellationRequested();
            while (uncommitted.TryPeek(out var changed) && RecordOrder.Compare(query.Order, changed, row) < 0)
            {
                if (!TryTake(uncommitted.Pop()))
                {
                    return;
                }
            }

            (last, Rows, Bytes) = (row, Rows + 1, Bytes + ((long)row.Size * Looks));

            // For a caller who sees a part, the store may return more than was asked for.
            if (visible is null || (query.Matches(row) && covering?.ContainsKey(row.Id) != true && visible.IsVisible(row)))
            {
                lastSeen = row;
                if (predicate.Matches(row) && !TryTake(row))
                {
                    return;
                }
            }

            isCut = i < rows.Records.Count - 1 && end.HasCome;
        }

        if (rows.More || isCut)
        {
            Beneath = Beneath with { Cursor = CursorAt(last!, query.Cursor?.ListStamp ?? bound) };
            return;
        }

        while (uncommitted.TryPop(out var changed))
        {
            if (!TryTake(changed))
            {
                return;
            }
        }

        isRead = true;
    }

    public PageFound ToPage()
    {
        var listStamp = query.Cursor is null || query.Cursor.ListStamp == PageCursor.Unbounded ? stamp : query.Cursor.ListStamp;
        var end = hasMore ? found[^1] : isRead ? null : lastSeen ?? last;

        // Changes of the turn may come after all rows that were examined.
        end = end is not null && found.Count > 0 && RecordOrder.Compare(query.Order, found[^1], end) > 0 ? found[^1] : end;
        return new PageFound(found, listStamp, end is null ? null : CursorAt(end, listStamp));
    }

    private bool TryTake(StoredRecord record)
    {
        if (IsFull)
        {
            hasMore = true;
            return false;
        }

        bytes += record.Size;
        found.Add(query.Projection switch
        {
            Projection.Metadata => record with { Body = default, UnreadLength = record.Length },
            Projection.Listed => record with { Acl = default(ReadOnlyMemory<byte>?) },
            _ => record,
        });
        return true;
    }

    private static PageCursor CursorAt(StoredRecord record, ServerTimestamp listStamp) =>
        new(record.Modified, record.Id, listStamp) { SortIndex = record.SortIndex };
}
