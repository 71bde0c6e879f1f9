namespace Lockstep.Core.Lists;

/// <summary>The orders a store reads in by itself, and the one that Core sorts in memory.</summary>
public enum ListOrder : byte
{
    NewestFirst = 0,
    OldestFirst,
    IdAscending,
    IdDescending,

    /// <summary>By fields of the data; the store may return rows in any order.</summary>
    Fields,
}
