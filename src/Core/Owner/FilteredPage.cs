using Lockstep.Core.Lists;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// A page of those records of a list whose fields match, put together of runs of the store's rows. Invariants:
/// <list type="number">
/// <item>What is on it is all that matches in a run of the merged order that begins at the query's cursor. Where the run ends before the list does, the page
/// says where to go on, if it has no record too.</item>
/// <item>Later runs of a first page show nothing newer than the list's stamp was at the first run: what is written meanwhile could otherwise be met
/// twice, and must arrive when the reader polls on.</item>
/// <item>Of rows that somebody may not see nothing but whether there are more can be told from it.</item>
/// <item>A run of rows is looked at for no longer than it may be; what is left of it is read again by the next one. A page that is full asks for no more runs: if the run
/// at hand does not end the list, the page says where to go on, and what is there may be nothing.</item>
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

    // Matching rows that a turn has changed, those in front last.
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
    /// <param name="uncommitted">Rows on top of the store's; null when there are none, and then the stamp of who sees all comes from the store.</param>
    /// <param name="query">What to read, with filters on fields, in an order that the store reads in.</param>
    /// <param name="visible">Which rows the caller sees; null for all.</param>
    public FilteredPage(BucketHeads heads, ListHead head, IReadOnlyDictionary<string, StoredRecord>? uncommitted, ListQuery query, VisibleRows? visible)
    {
        (this.heads, this.head, this.query, this.visible) = (heads, head, query, visible);
        covering = uncommitted;
        stamp = visible is null ? head.Stamp(heads.Rules) : head.RowsModified;
        predicate = FieldPredicate.Of(query)!;
        Beneath = ListReader.Beneath(query, uncommitted, visible) with
        {
            Fields = [],

            // What is deleted is looked at, and not kept.
            Projection = query.Projection == Projection.Metadata && predicate.ReadsBodies ? Projection.Whole : query.Projection,
        };
        List<StoredRecord> changed = [.. (uncommitted?.Values ?? []).Where(row => query.Matches(row) && visible?.IsVisible(row) != false && predicate.Matches(row)
            && (query.Cursor is null || (row.Modified <= query.Cursor.ListStamp && RecordOrder.IsPast(query.Order, row, query.Cursor))))];
        changed.Sort((a, b) => RecordOrder.Compare(query.Order, b, a));
        this.uncommitted = new Stack<StoredRecord>(changed);
    }

    /// <summary>What the next run is asked for.</summary>
    public ListQuery Beneath { get; private set; }

    /// <summary>The newest snapshot's.</summary>
    public long Version { get; private set; }

    /// <summary>The list has gone from the store meanwhile.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Nothing more has to be read.</summary>
    public bool IsDone => IsGone || hasMore || isRead || IsFull;

    public bool IsEmpty => found.Count == 0;

    /// <summary>Rows looked at.</summary>
    public int Rows { get; private set; }

    /// <summary>Bytes of these, as often as they may have been gone through.</summary>
    public long Bytes { get; private set; }

    /// <summary>How often one row may be gone through.</summary>
    public int Looks => predicate.Looks;

    private bool IsFull => found.Count == query.Limit || bytes >= query.MaxBytes;

    /// <param name="rows">The run behind the one before.</param>
    /// <param name="end">When to leave the rest of it; at least one row is looked at.</param>
    /// <param name="cancellationToken">Gives up.</param>
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

            // Of somebody who sees a part, more may have been read than was asked for.
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

        // What a turn has changed may lie behind all rows that were looked at.
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
