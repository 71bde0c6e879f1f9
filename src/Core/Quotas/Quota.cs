using Lockstep.Core.Time;

namespace Lockstep.Core.Quotas;

/// <summary>What an administrator has said that one user, bucket or collection may hold. It goes before the settings.</summary>
/// <param name="Subject">What it is about. It stays when that is deleted.</param>
/// <param name="Bytes">0 for no limit; null for what the settings say.</param>
/// <param name="Records">0 for no limit; null for what the settings say.</param>
public sealed record Quota(QuotaSubject Subject, long? Bytes, long? Records)
{
    /// <summary>How many there may be: owners keep them in memory.</summary>
    public const int Most = 100_000;

    /// <summary>When it was set. Of two changes, whatever they are about, the later one has the later stamp. Default: zero, never.</summary>
    public ServerTimestamp Modified { get; init; }
}
