using Lockstep.Cluster.Chaos.Processes;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>
/// One silo and PostgreSQL hear nothing of each other: either nobody is told, or all connections are reset. Longer than a
/// lease, so that it must stop answering from memory.
/// </summary>
internal sealed class CutFromPostgres(bool told) : IDisturbance
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(6);

    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        var number = random.Next(cluster.Silos.Count);
        var (silo, proxy) = (cluster.Silos[number], cluster.Proxies[number]);
        silo.LetEnd();
        if (told)
        {
            proxy.Break();
        }
        else
        {
            proxy.Stall();
        }

        await RealTime.PassAsync(Shortest * (1 + random.NextDouble()));
        proxy.Heal();
        await cluster.ReadyAsync();
    }
}
