using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

public sealed record CountFound(long Count, ServerTimestamp ListStamp) : Outcome;
