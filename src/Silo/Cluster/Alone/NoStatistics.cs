using Orleans.Statistics;

namespace Lockstep.Silo.Cluster.Alone;

/// <summary>Says nothing of how busy this process is. Silos compare that when they choose among each other, and here there is no choice.</summary>
internal sealed class NoStatistics : IEnvironmentStatisticsProvider
{
    public EnvironmentStatistics GetEnvironmentStatistics() => default;
}
