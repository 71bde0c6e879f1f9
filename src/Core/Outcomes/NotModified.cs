using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

public sealed record NotModified(ServerTimestamp Stamp) : Outcome;
