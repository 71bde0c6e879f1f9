using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="ListStamp">The list's stamp, which is the write's.</param>
/// <param name="QuotaLeft">Bytes of bodies that may still be added; <see cref="long.MaxValue"/> if there is no limit.</param>
public sealed record RecordsMerged(ServerTimestamp ListStamp, long QuotaLeft = long.MaxValue) : Outcome;
