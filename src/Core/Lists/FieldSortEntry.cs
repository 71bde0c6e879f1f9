using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Lists;

/// <summary>A record in an order by fields. Records that are equal in all of them are ordered newest first.</summary>
/// <param name="Key">Made by <see cref="SortKey"/>.</param>
/// <param name="Modified">The record's stamp.</param>
/// <param name="Id">The record's id.</param>
/// <param name="Record">Null for the end of a page.</param>
internal readonly record struct FieldSortEntry(byte[] Key, ServerTimestamp Modified, string Id, StoredRecord? Record) : IComparable<FieldSortEntry>
{
    public int CompareTo(FieldSortEntry other)
    {
        var byKey = Key.AsSpan().SequenceCompareTo(other.Key);
        if (byKey != 0)
        {
            return byKey;
        }

        var byModified = other.Modified.CompareTo(Modified);
        return byModified != 0 ? byModified : string.CompareOrdinal(other.Id, Id);
    }
}
