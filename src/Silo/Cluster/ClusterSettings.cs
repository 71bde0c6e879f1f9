using Lockstep.Core.Settings;

namespace Lockstep.Silo.Cluster;

/// <summary>How members find each other, and how they notice that one is gone.</summary>
internal sealed record ClusterSettings
{
    /// <summary>
    /// Members with the same id and the same database make up a cluster. Several clusters may share a database: their owners
    /// then take buckets from each other, which costs time but is always correct. Default: lockstep.
    /// </summary>
    public string Id { get; init; } = "lockstep";

    /// <summary>IP address at which the other members reach this one; it listens there too. Default: 127.0.0.1.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>TCP port for other silos. Default: 11111.</summary>
    [Bounds(1, ushort.MaxValue)]
    public int SiloPort { get; init; } = 11111;

    /// <summary>TCP port for gateways. Default: 30000.</summary>
    [Bounds(1, ushort.MaxValue)]
    public int GatewayPort { get; init; } = 30000;

    /// <summary>
    /// How long a silo waits for another one's answer to a probe, at first; measured answer times move it between half and 1.75
    /// times this. Default: 2 seconds.
    /// </summary>
    [Bounds(BoundsAttribute.Millisecond, BoundsAttribute.Minute)]
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Probes in a row that a silo misses before one that probes it votes for its death. Default: 2.</summary>
    [Bounds(1)]
    public int MissedProbes { get; init; } = 2;

    /// <summary>Votes that declare a silo dead. If there are fewer other silos, the votes of all of them. Default: 2.</summary>
    [Bounds(1)]
    public int DeathVotes { get; init; } = 2;

    /// <summary>How long a request waits for an owner that cannot be reached before it is 503. Default: 10 seconds.</summary>
    [Bounds(0, 5 * BoundsAttribute.Minute)]
    public TimeSpan FailoverWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a stopping silo continues to answer after it has told gateways to send elsewhere, which they check once a second. Calls that it has forwarded to owners
    /// that have just moved are answered within this time; later answers are lost. Default: 5 seconds.
    /// </summary>
    [Bounds(0)]
    public TimeSpan DepartureTime { get; init; } = TimeSpan.FromSeconds(5);

    public ClusterTls Tls { get; init; } = new();

    /// <summary>
    /// Whether an address that other machines reach may be used without <see cref="Tls"/>. Silo ports trust whoever reaches them, so something else must keep strangers out. Default: false.
    /// </summary>
    public bool TrustNetwork { get; init; }
}
