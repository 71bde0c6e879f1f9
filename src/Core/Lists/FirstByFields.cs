using System.Text;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Lists;

/// <summary>
/// A page in an order by fields, from any number of records in any order. Keeps no more records than fit the page. Each record is offered once.
/// </summary>
internal sealed class FirstByFields
{
    /// <summary>Sort values longer than this would not fit the URL of a next page.</summary>
    private const int MaxSortKeyLength = 2_000;

    private readonly ListQuery query;
    private readonly FieldSort sort;
    private readonly FieldSortEntry? end;
    private readonly SortedSet<FieldSortEntry> first = [];
    private readonly long maxKeyBytes;
    private long bytes;
    private long keys;
    private bool hasMore;

    /// <param name="query">Its order, limits and cursor. The caller applies the filters.</param>
    /// <param name="maxKeyBytes">Bytes of keys that are kept; the page ends there too. A few fields, each named often, can make a key that is longer than the record.</param>
    public FirstByFields(ListQuery query, long maxKeyBytes = long.MaxValue)
    {
        (this.query, this.maxKeyBytes) = (query, maxKeyBytes);
        sort = new FieldSort(query.Sort);
        end = query.Cursor is null ? null : sort.Of(query.Cursor);
        Invalid = query.Cursor is not null && end is null ? new Invalid(InvalidReason.CursorOfOtherOrder) : null;
    }

    /// <summary>Why there is no page: the cursor does not belong to this order.</summary>
    public Invalid? Invalid { get; }

    /// <summary>The key of the cursor in an index on the one field. The cursor must belong to this order.</summary>
    public byte[] KeyOfCursor(FieldKeyWriter writer)
    {
        using var document = JsonText.Parse(Encoding.UTF8.GetBytes(query.Cursor!.SortKeys ?? "[]"));
        return writer.OfValue(document.RootElement[0].EnumerateArray().FirstOrDefault());
    }

    /// <summary>Whether the page is full, and no row after a record in an index on the one field can be on it.</summary>
    /// <param name="key">The key of an offered record.</param>
    /// <param name="writer">Makes keys.</param>
    /// <param name="isDescending">The index's order.</param>
    public bool IsBehind(ReadOnlySpan<byte> key, FieldKeyWriter writer, bool isDescending)
    {
        if (!hasMore)
        {
            return false;
        }

        var order = key.SequenceCompareTo(writer.Of(first.Max.Record!)) * (isDescending ? -1 : 1);
        return order > 0 || (order == 0 && key.Length < FieldKeyWriter.MaxLength);
    }

    /// <summary>Keeps the record if it is on the page, as far as that is known.</summary>
    public void Offer(StoredRecord record)
    {
        var entry = sort.Of(record);
        if ((end is { } before && entry.CompareTo(before) <= 0) || (hasMore && entry.CompareTo(first.Max) > 0) || !first.Add(entry))
        {
            return;
        }

        bytes += record.Size;
        keys += entry.Key.Length;
        while (first.Count > 1 && first.Max is { Record: { } last } behind
            && (first.Count > query.Limit || bytes - last.Size >= query.MaxBytes || keys - behind.Key.Length >= maxKeyBytes))
        {
            // The records before it fill the page.
            first.Remove(behind);
            bytes -= last.Size;
            keys -= behind.Key.Length;
            hasMore = true;
        }
    }

    /// <param name="stamp">The list's stamp; later pages answer the first one's instead.</param>
    public Outcome ToPage(ServerTimestamp stamp)
    {
        var listStamp = query.Cursor?.ListStamp ?? stamp;
        StoredRecord[] records = [.. first.Select(static entry => entry.Record!)];
        if (!hasMore)
        {
            return new PageFound(records, listStamp, Next: null);
        }

        var last = records[^1];
        return sort.ValuesOf(last) is { Length: <= MaxSortKeyLength } values
            ? new PageFound(records, listStamp, new PageCursor(last.Modified, last.Id, listStamp, values))
            : new Invalid(InvalidReason.LongSortValues);
    }
}
