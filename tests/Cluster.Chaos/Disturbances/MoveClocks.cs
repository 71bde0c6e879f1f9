using Lockstep.Cluster.Chaos.Processes;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>
/// A silo is killed and started again with a wall clock minutes ahead, and once more with one behind that; then another silo and a
/// gateway are, with clocks minutes ahead or behind. They keep these. Buckets move when silos end, so that what one has stamped goes on
/// where it is minutes earlier or later.
/// </summary>
internal sealed class MoveClocks : IDisturbance
{
    // Orleans takes no silo in that began to join more than five minutes ago, by the clock of one that is in.
    private const int Bound = 140;

    public string? CannotBeDone(ClusterProcesses cluster) => FakeClock.Missing;

    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        var first = random.Next(cluster.Silos.Count);
        var ahead = random.Next(Bound);
        await MoveAsync(cluster.Silos[first], ahead);
        await MoveAsync(cluster.Silos[first], random.Next(-Bound, ahead));
        var other = MoveAsync(cluster.Silos[(first + 1) % cluster.Silos.Count], random.Next(-Bound, Bound));
        await Task.WhenAll(other, MoveAsync(cluster.Gateways[random.Next(cluster.Gateways.Count)], random.Next(-Bound, Bound)));

        async Task MoveAsync(Member member, int seconds)
        {
            var starts = member.Starts;
            member.ClockOffset = TimeSpan.FromSeconds(seconds);
            member.Kill();
            await member.StartedAgainAsync(starts);
            await cluster.ReadyAsync();
        }
    }
}
