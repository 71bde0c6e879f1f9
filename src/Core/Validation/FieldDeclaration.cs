using Lockstep.Core.Outcomes;

namespace Lockstep.Core.Validation;

/// <summary>The fields that a collection wants indexed.</summary>
/// <param name="Refusal">Why the declaration is not allowed; null where it is.</param>
/// <param name="Paths">The fields, nested by dots, each once.</param>
public sealed record FieldDeclaration(Refused? Refusal, IReadOnlyList<string> Paths)
{
    /// <summary>None.</summary>
    public static readonly FieldDeclaration None = new(null, []);
}
