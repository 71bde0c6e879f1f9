namespace Lockstep.Core.Outcomes;

/// <summary>A rule of the protocol refuses the operation. Core passes on what the rule says.</summary>
/// <param name="Location">The place of the fault, in the protocol's words.</param>
/// <param name="Field">The field's name; null for the whole.</param>
/// <param name="Reason">For a person.</param>
public sealed record Refused(string Location, string? Field, string Reason) : Outcome;
