namespace Lockstep.Core.Lists;

/// <summary>The orders a store reads in by itself, and the one that Core sorts in memory.</summary>
public enum ListOrder : byte
{
    NewestFirst = 0,
    OldestFirst,
    IdAscending,
    IdDescending,

    /// <summary>By the records' own weight, the heaviest first and those without one last; those of one weight as in <see cref="NewestFirst"/>.</summary>
    HeaviestFirst,

    /// <summary>By when they expire, then by id; those that never do are not there.</summary>
    ExpiringFirst,

    /// <summary>By fields of the data; the store may return rows in any order.</summary>
    Fields,
}
