using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="ListStamp">The list's stamp, which is the write's.</param>
public sealed record RecordsMerged(ServerTimestamp ListStamp) : Outcome;
