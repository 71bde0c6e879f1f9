using Lockstep.Core.Time;

namespace Lockstep.Core.Quotas;

/// <summary>All quotas that administrators have set, as of one moment.</summary>
/// <param name="Stamp">Of the last change, removals too.</param>
/// <param name="Quotas">In the order of their subjects' texts.</param>
public sealed record QuotaList(ServerTimestamp Stamp, IReadOnlyList<Quota> Quotas);
