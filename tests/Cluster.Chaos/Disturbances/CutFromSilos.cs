using Lockstep.Cluster.Chaos.Processes;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>
/// One silo and the others hear nothing of each other, while gateways and PostgreSQL hear all of them. One is declared dead;
/// until it reads that and ends itself, its buckets have owners on both sides. Others may be suspected in turn.
/// </summary>
internal sealed class CutFromSilos : IDisturbance
{
    public string? CannotBeDone(ClusterProcesses cluster) => cluster.Network.CannotCut;

    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        var number = random.Next(cluster.Silos.Count);
        var others = Enumerable.Range(0, cluster.Silos.Count).Where(other => other != number).ToList();
        var starts = cluster.Silos.Sum(static silo => silo.Starts);
        var generations = new List<(int Silo, int? Generation)>();
        for (var silo = 0; silo < cluster.Silos.Count; silo++)
        {
            cluster.Silos[silo].LetEnd();
            generations.Add((silo, await cluster.GenerationAsync(silo)));
        }

        foreach (var other in others)
        {
            await cluster.Network.CutAsync(number, other);
        }

        // What is started again must reach the others to get in.
        await Condition.HoldsAsync(
            () => Task.FromResult(cluster.Silos.Sum(static silo => silo.Starts) > starts),
            $"one of the silos that are cut off from each other ({cluster.Silos[number].Name} from the others) ends itself");
        foreach (var other in others)
        {
            await cluster.Network.JoinAsync(number, other);
        }

        // Another one may still have to find out that it was declared dead.
        foreach (var (silo, generation) in generations)
        {
            await Condition.HoldsAsync(
                async () => await cluster.GenerationAsync(silo) is { } now && (now != generation || await cluster.IsActiveAsync(silo, generation)),
                $"{cluster.Silos[silo].Name} is a member again");
        }

        await cluster.ReadyAsync();
    }
}
