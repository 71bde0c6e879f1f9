using System.Text;

namespace Lockstep.Gateway.Kinto.Schemas.Patterns;

/// <summary>A pattern, taken apart.</summary>
internal abstract record PatternNode
{
    /// <summary>Nothing, which is always there.</summary>
    public sealed record Empty : PatternNode;

    /// <summary>One character.</summary>
    public sealed record One(CharacterSet Set) : PatternNode;

    /// <summary>A condition on the place between two characters.</summary>
    public sealed record Place(PatternPlace Where) : PatternNode;

    /// <summary>Parts, one after the other.</summary>
    public sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>One of several parts.</summary>
    public sealed record Choice(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <param name="Inner">What is repeated.</param>
    /// <param name="Min">How often at least.</param>
    /// <param name="Max">How often at most; null for any number.</param>
    public sealed record Repeat(PatternNode Inner, int Min, int? Max) : PatternNode;
}
