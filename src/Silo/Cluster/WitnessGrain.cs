using Lockstep.Grains;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Lockstep.Silo.Cluster;

/// <inheritdoc cref="IWitnessGrain"/>
[StatelessWorker(1), KeepAlive]
internal sealed partial class WitnessGrain(IClusterMembershipService members, ILogger<WitnessGrain> logger) : Grain, IWitnessGrain
{
    public async Task<bool> IsGoneAsync(SiloAddress silo)
    {
        await members.Refresh();

        // A silo that stops is about to say so itself.
        return members.CurrentSnapshot.GetSiloStatus(silo) is SiloStatus.Active && await PortProbe.RefusesConnectionsAsync(silo.Endpoint);
    }

    public async Task DeclareAsync(SiloAddress silo)
    {
        if (await IsGoneAsync(silo) && await members.TryKill(silo))
        {
            LogDeclared($"{silo.Endpoint}");
        }
    }

    [LoggerMessage(73, LogLevel.Warning, "Silo {Address} refuses connections, as all have found who looked, and was declared dead. If its process still runs, look at what keeps it from listening.")]
    private partial void LogDeclared(string address);
}
