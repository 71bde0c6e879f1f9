namespace Lockstep.Core.Outcomes;

/// <summary>The operation makes no sense on what is there.</summary>
/// <param name="Location">Where the fault lies, in Kinto's words: <c>body</c>, <c>querystring</c>, <c>path</c>.</param>
/// <param name="Field">The field's name; null when it is the whole.</param>
/// <param name="Reason">For a person.</param>
public sealed record Invalid(string Location, string? Field, string Reason) : Outcome
{
    /// <summary>A member of the data by whose name clients are told about the object itself: it would tell them something untrue.</summary>
    public static Invalid ReservedFlag(string name) => new(
        "body", $"data.{name}", "is what clients are told of the object itself; as a field of the data it can only be false, null, 0 or an empty string");
}
