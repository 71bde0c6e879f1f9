namespace Lockstep.Core.Outcomes;

/// <summary>The operation is invalid in the current state.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Figure">The figure that the reason speaks of; null if it speaks of none.</param>
/// <param name="Detail">The text that the reason speaks of; null if it speaks of none.</param>
public sealed record Invalid(InvalidReason Reason, long? Figure = null, string? Detail = null) : Outcome;
