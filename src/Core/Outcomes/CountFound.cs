using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <summary>A number of objects: those that match a count, or those that a sweep has dealt with.</summary>
/// <param name="Count">The number.</param>
/// <param name="ListStamp">The stamp of their list.</param>
public sealed record CountFound(long Count, ServerTimestamp ListStamp) : Outcome;
