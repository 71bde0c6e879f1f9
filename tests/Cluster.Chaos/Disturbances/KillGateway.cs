using Lockstep.Cluster.Chaos.Processes;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>kill -9 of a gateway, which is then started again. What it was asked and did not answer is unknown to its clients.</summary>
internal sealed class KillGateway : IDisturbance
{
    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        var gateway = cluster.Gateways[random.Next(cluster.Gateways.Count)];
        var starts = gateway.Starts;
        gateway.Kill();
        await gateway.StartedAgainAsync(starts);
        await cluster.ReadyAsync();
    }
}
