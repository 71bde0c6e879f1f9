using Lockstep.Core.Time;

namespace Lockstep.Core.Quotas;

/// <summary>A limit that an administrator has set for one user, bucket or collection. It overrides the settings.</summary>
/// <param name="Subject">The user, bucket or collection. The quota outlives its deletion.</param>
/// <param name="Bytes">0 for no limit; null for the limit of the settings.</param>
/// <param name="Records">0 for no limit; null for the limit of the settings.</param>
public sealed record Quota(QuotaSubject Subject, long? Bytes, long? Records)
{
    /// <summary>The maximal number of quotas: owners keep them in memory.</summary>
    public const int Most = 100_000;

    /// <summary>When it was set. Of any two changes, the later one has the later stamp, whatever their subjects. Default: zero, never.</summary>
    public ServerTimestamp Modified { get; init; }
}
