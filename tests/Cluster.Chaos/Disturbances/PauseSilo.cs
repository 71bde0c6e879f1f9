using Lockstep.Cluster.Chaos.Processes;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>
/// A silo stands still until the others have declared it dead and taken its buckets over; then it wakes up, with the requests
/// that waited in its sockets and a memory of long ago, until it finds out and ends itself.
/// </summary>
internal sealed class PauseSilo : IDisturbance
{
    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        var number = random.Next(cluster.Silos.Count);
        var silo = cluster.Silos[number];
        var (generation, starts) = (await cluster.GenerationAsync(number), silo.Starts);
        silo.LetEnd();
        silo.Stop();
        try
        {
            await Condition.HoldsAsync(async () => !await cluster.IsActiveAsync(number, generation), $"{silo.Name}, which stands still, is declared dead");
        }
        finally
        {
            silo.Resume();
        }

        await silo.StartedAgainAsync(starts);
        await cluster.ReadyAsync();
    }
}
