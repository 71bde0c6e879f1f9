using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="ListStamp">The stamp of the target list, which has not moved.</param>
public sealed record ChangesStaged(ServerTimestamp ListStamp) : Outcome;
