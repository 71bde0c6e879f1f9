using Lockstep.Cluster.Chaos.Processes;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>A member is asked to end (SIGTERM), and comes back as the build that is tested.</summary>
/// <param name="memberOf">Which one.</param>
internal sealed class Upgrade(Func<ClusterProcesses, Member> memberOf) : IDisturbance
{
    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        var member = memberOf(cluster);
        var starts = member.Starts;
        cluster.Upgrade(member);
        member.Interrupt();
        member.Terminate();
        await member.StartedAgainAsync(starts);
        await cluster.ReadyAsync();
    }
}
