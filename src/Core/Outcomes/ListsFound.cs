using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="Lists">The existing collections, including empty ones, in the order of their names.</param>
/// <param name="Stamp">The stamp of the last write to any of them, or of the last deletion of one; zero if there was none.</param>
public sealed record ListsFound(IReadOnlyList<ListSummary> Lists, ServerTimestamp Stamp) : Outcome;

/// <summary>A summary of a collection.</summary>
/// <param name="Name">The collection's id.</param>
/// <param name="Stamp">The stamp of the last write to it.</param>
/// <param name="Count">The number of records.</param>
/// <param name="Bytes">The bytes of their bodies.</param>
public sealed record ListSummary(string Name, ServerTimestamp Stamp, long Count, long Bytes);
