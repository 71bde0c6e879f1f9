using Lockstep.Cluster.Chaos.Processes;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>
/// One silo and the others hear nothing of each other, while gateways and PostgreSQL hear all of them: until one is declared
/// dead. It ends itself when it reads that; others may do the same if they were suspected in turn.
/// </summary>
internal sealed class CutFromSilos : IDisturbance
{
    public string? CannotBeDone(ClusterProcesses cluster) => cluster.Network.CannotCut;

    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        var number = random.Next(cluster.Silos.Count);
        var others = Enumerable.Range(0, cluster.Silos.Count).Where(other => other != number).ToList();
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

        await Condition.HoldsAsync(
            async () =>
            {
                foreach (var (silo, generation) in generations)
                {
                    if (!await cluster.IsActiveAsync(silo, generation))
                    {
                        return true;
                    }
                }

                return false;
            },
            $"one of the silos that are cut off from each other ({cluster.Silos[number].Name} from the others) is declared dead");
        foreach (var other in others)
        {
            await cluster.Network.JoinAsync(number, other);
        }

        // Declared dead is not the end yet: it has to find out.
        foreach (var (silo, generation) in generations)
        {
            await Condition.HoldsAsync(
                async () => await cluster.GenerationAsync(silo) is { } now && (now != generation || await cluster.IsActiveAsync(silo, generation)),
                $"{cluster.Silos[silo].Name} is a member again");
        }

        await cluster.ReadyAsync();
    }
}
