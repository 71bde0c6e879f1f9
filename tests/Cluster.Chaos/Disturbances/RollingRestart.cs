using Lockstep.Cluster.Chaos.Processes;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>Members one after the other are asked to end (SIGTERM), and the next one when the last is back.</summary>
/// <param name="gateways">Whether gateways are; else silos.</param>
/// <param name="balanced">Whether clients come through a load balancer, which keeps broken connections from them.</param>
internal sealed class RollingRestart(bool gateways, bool balanced) : IDisturbance
{
    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        foreach (var member in gateways ? cluster.Gateways : cluster.Silos)
        {
            var starts = member.Starts;
            if (!balanced)
            {
                member.Interrupt();
            }

            member.Terminate();
            await member.StartedAgainAsync(starts);
            await cluster.ReadyAsync();
        }
    }
}
