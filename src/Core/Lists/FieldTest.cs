namespace Lockstep.Core.Lists;

/// <summary>The tests of a <see cref="FieldFilter"/>. Greater and less follow <see cref="Json.JsonComparison"/>, where a missing field is the greatest.</summary>
/// <remarks>Kinto: docs/api/1.x/filtering.rst. The numbers are sent between processes.</remarks>
public enum FieldTest : byte
{
    /// <summary>Present, and equal.</summary>
    Equal = 0,

    /// <summary>Missing, or not equal.</summary>
    NotEqual = 1,

    /// <summary>Present, and less.</summary>
    Less = 2,

    /// <summary>Present, and less or equal.</summary>
    AtMost = 3,

    /// <summary>Missing, or greater or equal.</summary>
    AtLeast = 4,

    /// <summary>Missing, or greater.</summary>
    Greater = 5,

    /// <summary>Present, and equal to one of these.</summary>
    In = 6,

    /// <summary>Missing, or equal to none of these.</summary>
    NotIn = 7,

    /// <summary>Present and not null, and its text matches a pattern: see <see cref="TextPattern"/>.</summary>
    Like = 8,

    /// <summary>Present, with any value; or, for false, missing.</summary>
    Has = 9,

    /// <summary>An array that has an item equal to each of these.</summary>
    Contains = 10,

    /// <summary>An array that has an item equal to one of these.</summary>
    ContainsAny = 11,
}
