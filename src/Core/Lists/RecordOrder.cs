using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Lists;

/// <summary>The orders that a store can read in, for records in memory.</summary>
public static class RecordOrder
{
    public static int Compare(ListOrder order, StoredRecord a, StoredRecord b) =>
        order switch
        {
            ListOrder.HeaviestFirst when Weight(a.SortIndex) != Weight(b.SortIndex) => Weight(b.SortIndex).CompareTo(Weight(a.SortIndex)),
            ListOrder.ExpiringFirst => Nullable.Compare(a.Expiry, b.Expiry) is not 0 and var byExpiry ? byExpiry : string.CompareOrdinal(a.Id, b.Id),
            _ => Compare(order, a.Modified, a.Id, b.Modified, b.Id),
        };

    /// <summary>Whether the record comes after the page that ended at the cursor.</summary>
    public static bool IsPast(ListOrder order, StoredRecord record, PageCursor cursor) =>
        order == ListOrder.HeaviestFirst && Weight(record.SortIndex) != Weight(cursor.SortIndex)
            ? Weight(record.SortIndex) < Weight(cursor.SortIndex)
            : Compare(order, record.Modified, record.Id, cursor.Modified, cursor.Id) > 0;

    /// <summary>Stands for a missing weight: less than all weights.</summary>
    public const long NoWeight = -1L << 40;

    /// <summary>Its weight, or <see cref="NoWeight"/>.</summary>
    public static long Weight(int? sortIndex) => sortIndex ?? NoWeight;

    /// <summary>The same for orders by stamp and id alone.</summary>
    public static int Compare(ListOrder order, ServerTimestamp aModified, string aId, ServerTimestamp bModified, string bId)
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
