using Lockstep.Core.Settings;

namespace Lockstep.Silo.Cluster;

/// <summary>How members find each other and tell that one has gone.</summary>
internal sealed record ClusterSettings
{
    /// <summary>
    /// Members with the same id and the same database make up a cluster. Several clusters may share a database: their owners
    /// then take buckets from each other, which costs time and is never wrong. Default: lockstep.
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

    /// <summary>Votes by which a silo is dead; all the others', where there are fewer. Default: 2.</summary>
    [Bounds(1)]
    public int DeathVotes { get; init; } = 2;

    /// <summary>How long a request waits for an owner that cannot be reached before it is 503. Default: 10 seconds.</summary>
    [Bounds(0, 5 * BoundsAttribute.Minute)]
    public TimeSpan FailoverWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a silo that stops goes on answering after it has told gateways to send elsewhere. They listen for that once a
    /// second. What it has passed on to owners that have just moved is answered by then; later answers are lost. Default: 5 seconds.
    /// </summary>
    [Bounds(0)]
    public TimeSpan DepartureTime { get; init; } = TimeSpan.FromSeconds(5);

    public ClusterTls Tls { get; init; } = new();

    /// <summary>
    /// Whether an address that other machines reach may be used without <see cref="Tls"/>: whoever gets to the silo ports is
    /// believed, so something else must keep strangers off. Default: false.
    /// </summary>
    public bool TrustNetwork { get; init; }
}
