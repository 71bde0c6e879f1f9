using Lockstep.Cluster.Chaos.Network;
using Lockstep.Cluster.Chaos.Processes;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos;

/// <summary>A test that is left out, with the reason, where what it needs is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(Need need)
    {
        Need = need;
        Skip = need switch
        {
            Need.NetworkNamespaces => Task.Run(WhyNoNamespacesAsync).GetAwaiter().GetResult(),
            Need.FakeClock => FakeClock.Missing,
            Need.LoadBalancer => LoadBalancer.Missing,
            Need.FormerBuild => RunSettings.FormerProgram is null ? "LOCKSTEP_CHAOS_FORMER names no build of 0.1.0; tests/former makes one" : null,
            Need.LongRun => RunSettings.Minutes is null ? "the long form is run by tests/chaos" : null,
            _ => RunSettings.RecoveryRounds is null ? "recovery is measured by tests/chaos --recovery 20" : null,
        };
    }

    public Need Need { get; }

    private static async Task<string?> WhyNoNamespacesAsync()
    {
        await using var network = await NetworkNamespaces.CreateAsync(silos: 1);
        return network.CannotCut;
    }
}
