using Lockstep.Cluster.Chaos.Processes;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>kill -9 of a silo, which is then started again.</summary>
internal sealed class KillSilo : IDisturbance
{
    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        var silo = cluster.Silos[random.Next(cluster.Silos.Count)];
        var starts = silo.Starts;
        silo.Kill();
        await silo.StartedAgainAsync(starts);
        await cluster.ReadyAsync();
    }
}
