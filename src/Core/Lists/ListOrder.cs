namespace Lockstep.Core.Lists;

/// <summary>The orders that a store can read in, and the one that Core sorts in memory.</summary>
public enum ListOrder : byte
{
    NewestFirst = 0,
    OldestFirst,
    IdAscending,
    IdDescending,

    /// <summary>By the records' own weight, the heaviest first and those without one last; records of the same weight as in <see cref="NewestFirst"/>.</summary>
    HeaviestFirst,

    /// <summary>By expiry, then by id; without records that never expire.</summary>
    ExpiringFirst,

    /// <summary>By fields of the data; the store may return rows in any order.</summary>
    Fields,
}
