namespace Lockstep.Core.Outcomes;

/// <summary>The operation is invalid in the current state.</summary>
/// <param name="Location">The place of the fault, in Kinto's words: <c>body</c>, <c>querystring</c>, <c>path</c>.</param>
/// <param name="Field">The field's name; null for the whole.</param>
/// <param name="Reason">For a person.</param>
public sealed record Invalid(string Location, string? Field, string Reason) : Outcome
{
    /// <summary>The data has a member whose name clients read as a statement about the object itself, which would be wrong.</summary>
    public static Invalid ReservedFlag(string name) => new(
        "body", $"data.{name}", "is what clients are told of the object itself; as a field of the data it can only be false, null, 0 or an empty string");
}
