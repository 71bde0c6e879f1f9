namespace Lockstep.Core.Outcomes;

/// <summary>The operation makes no sense on what is there.</summary>
/// <param name="Location">Where the fault lies, in Kinto's words: <c>body</c>, <c>querystring</c>, <c>path</c>.</param>
/// <param name="Field">The field's name; null when it is the whole.</param>
/// <param name="Reason">For a person.</param>
public sealed record Invalid(string Location, string? Field, string Reason) : Outcome;
