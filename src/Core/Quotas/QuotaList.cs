using Lockstep.Core.Time;

namespace Lockstep.Core.Quotas;

/// <summary>All quotas that administrators have set, as of one moment.</summary>
/// <param name="Stamp">The stamp of the last change or removal.</param>
/// <param name="Quotas">In the order of their subjects' texts.</param>
public sealed record QuotaList(ServerTimestamp Stamp, IReadOnlyList<Quota> Quotas);
