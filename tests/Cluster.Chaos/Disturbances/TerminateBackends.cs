using Lockstep.Cluster.Chaos.Processes;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Disturbances;

/// <summary>All connections to PostgreSQL are ended, several times over.</summary>
internal sealed class TerminateBackends : IDisturbance
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    public async Task RunAsync(ClusterProcesses cluster, Random random)
    {
        for (var left = random.Next(3, 10); left > 0; left--)
        {
            await cluster.TerminateBackendsAsync();
            await RealTime.PassAsync(Pause * random.NextDouble());
        }

        await cluster.ReadyAsync();
    }
}
