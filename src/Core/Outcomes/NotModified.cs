using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <summary>Nothing has changed since the state that the reader knows.</summary>
/// <param name="Stamp">The current stamp of what was read.</param>
public sealed record NotModified(ServerTimestamp Stamp) : Outcome;
