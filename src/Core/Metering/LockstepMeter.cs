using System.Diagnostics.Metrics;

namespace Lockstep.Core.Metering;

/// <summary>
/// What all our instruments share. A new instrument goes into the class that measures its part: <c>OwnerMetrics</c>, <see cref="StoreMetrics"/>, <c>GatewayMetrics</c>,
/// <c>LostCalls</c> or <c>ProcessLease</c>. Each of these has a meter of its own under this one name and disposes of it at its end, so that several servers in one
/// process neither mix nor outlive each other. docs/operations/monitoring.md lists the
/// instruments, and a test compares.
/// </summary>
public static class LockstepMeter
{
    public const string Name = "Lockstep";

    /// <summary>How something ended.</summary>
    public const string StatusTag = "lockstep.status";

    /// <summary>Why something was not done.</summary>
    public const string ReasonTag = "lockstep.reason";

    /// <summary>What an owner was called for.</summary>
    public const string CallTag = "lockstep.call";

    /// <summary>From a commit in a page cache to a time-out: 0.5 ms to 30 s.</summary>
    public static InstrumentAdvice<double> Seconds { get; } = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    /// <summary>From a lone write to the largest group.</summary>
    public static InstrumentAdvice<int> GroupSizes { get; } = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] };
}
