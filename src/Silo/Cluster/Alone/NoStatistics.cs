using Orleans.Statistics;

namespace Lockstep.Silo.Cluster.Alone;

/// <summary>How busy this process is: silos compare that when they choose among them, and here is no choice.</summary>
internal sealed class NoStatistics : IEnvironmentStatisticsProvider
{
    public EnvironmentStatistics GetEnvironmentStatistics() => default;
}
