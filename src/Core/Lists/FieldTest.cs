namespace Lockstep.Core.Lists;

/// <summary>What a <see cref="FieldFilter"/> asks of a field. Greater and less go by <see cref="Json.JsonComparison"/>, where a missing field is the greatest.</summary>
/// <remarks>Kinto: docs/api/1.x/filtering.rst. The numbers cross between processes.</remarks>
public enum FieldTest : byte
{
    /// <summary>There, and equal.</summary>
    Equal = 0,

    /// <summary>Missing, or not equal.</summary>
    NotEqual = 1,

    /// <summary>There, and less.</summary>
    Less = 2,

    /// <summary>There, and less or equal.</summary>
    AtMost = 3,

    /// <summary>Missing, or greater or equal.</summary>
    AtLeast = 4,

    /// <summary>Missing, or greater.</summary>
    Greater = 5,

    /// <summary>There, and equal to one of these.</summary>
    In = 6,

    /// <summary>Missing, or equal to none of these.</summary>
    NotIn = 7,

    /// <summary>There and not null, and its text is like a pattern: see <see cref="TextPattern"/>.</summary>
    Like = 8,

    /// <summary>There, whatever it is; or, of false, missing.</summary>
    Has = 9,

    /// <summary>An array that has an item equal to each of these.</summary>
    Contains = 10,

    /// <summary>An array that has an item equal to one of these.</summary>
    ContainsAny = 11,
}
