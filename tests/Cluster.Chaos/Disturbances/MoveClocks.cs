using Lockstep.Cluster.Chaos.Processes;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>
/// Two silos and a gateway, one after the other, are killed and started again with wall clocks minutes ahead or behind, which
/// they keep. Buckets move when silos end, so that what one has stamped goes on where it is minutes earlier or later.
/// </summary>
internal sealed class MoveClocks : IDisturbance
{
    // Orleans takes no silo in that began to join more than five minutes ago, by the clock of one that is in.
    private const int Bound = 140;

    public string? CannotBeDone(ClusterProcesses cluster) => FakeClock.Missing;

    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        var first = random.Next(cluster.Silos.Count);
        foreach (var member in (Member[])[cluster.Silos[first], cluster.Silos[(first + 1) % cluster.Silos.Count], cluster.Gateways[random.Next(cluster.Gateways.Count)]])
        {
            var starts = member.Starts;
            member.ClockOffset = TimeSpan.FromSeconds(random.Next(-Bound, Bound));
            member.Kill();
            await member.StartedAgainAsync(starts);
            await cluster.ReadyAsync();
        }
    }
}
