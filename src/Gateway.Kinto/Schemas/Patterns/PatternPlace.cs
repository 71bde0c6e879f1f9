namespace Lockstep.Gateway.Kinto.Schemas.Patterns;

/// <summary>Where in a text something is.</summary>
internal enum PatternPlace
{
    /// <summary><c>^</c> and <c>\A</c>.</summary>
    Start,

    /// <summary><c>$</c>: the end, or before a newline there.</summary>
    End,

    /// <summary><c>\Z</c>: the very end.</summary>
    VeryEnd,

    /// <summary><c>\b</c>.</summary>
    WordBoundary,

    /// <summary><c>\B</c>.</summary>
    NoWordBoundary,
}
