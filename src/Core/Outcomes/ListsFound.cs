using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="Lists">The collections that are there, those without records among them, in the order of their names.</param>
/// <param name="Stamp">Of the last write to any of them, or of the last deletion of one; zero when there was none.</param>
public sealed record ListsFound(IReadOnlyList<ListSummary> Lists, ServerTimestamp Stamp) : Outcome;

/// <summary>What there is of a collection.</summary>
/// <param name="Name">The collection's id.</param>
/// <param name="Stamp">Of the last write to it.</param>
/// <param name="Count">Records.</param>
/// <param name="Bytes">Of their bodies.</param>
public sealed record ListSummary(string Name, ServerTimestamp Stamp, long Count, long Bytes);
