using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="ListStamp">The stamp of the list that they are for, which has not moved.</param>
public sealed record ChangesStaged(ServerTimestamp ListStamp) : Outcome;
