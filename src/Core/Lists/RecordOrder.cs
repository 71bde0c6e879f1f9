using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Lists;

/// <summary>The orders that a store reads in by itself, for records in memory.</summary>
public static class RecordOrder
{
    public static int Compare(ListOrder order, StoredRecord a, StoredRecord b) =>
        Compare(order, a.Modified, a.Id, b.Modified, b.Id);

    /// <summary>Whether the record comes after the page that ended at the cursor.</summary>
    public static bool IsPast(ListOrder order, StoredRecord record, PageCursor cursor) =>
        Compare(order, record.Modified, record.Id, cursor.Modified, cursor.Id) > 0;

    private static int Compare(ListOrder order, ServerTimestamp aModified, string aId, ServerTimestamp bModified, string bId)
    {
        var byId = string.CompareOrdinal(aId, bId);
        var byModified = aModified.CompareTo(bModified);
        return order switch
        {
            ListOrder.OldestFirst => byModified != 0 ? byModified : byId,
            ListOrder.IdAscending => byId,
            ListOrder.IdDescending => -byId,
            _ => byModified != 0 ? -byModified : -byId,
        };
    }
}
