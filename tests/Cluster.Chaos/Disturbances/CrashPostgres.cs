using Lockstep.Cluster.Chaos.Processes;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>PostgreSQL is killed with all its processes, and started again.</summary>
internal sealed class CrashPostgres : IDisturbance
{
    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        await cluster.CrashPostgresAsync();
        await cluster.ReadyAsync();
    }
}
