using Lockstep.Cluster.Chaos.Disturbances;
using Lockstep.Cluster.Chaos.Processes;
using Xunit.Abstractions;

namespace Lockstep.Cluster.Chaos;

/// <summary>
/// Members of 0.1.0 are replaced one by one under load, so that for a while each kind of the one version works with each kind of
/// the other: what clients were promised holds all the time.
/// </summary>
public abstract class UpgradeTests(FormerClusterFixture fixture, ITestOutputHelper log)
{
    private static IEnumerable<Func<ClusterProcesses, Member>> Silos => [static cluster => cluster.Silos[0], static cluster => cluster.Silos[1], static cluster => cluster.Silos[2]];

    private static IEnumerable<Func<ClusterProcesses, Member>> Gateways => [static cluster => cluster.Gateways[0], static cluster => cluster.Gateways[1]];

    private Task UpgradeAsync(IEnumerable<Func<ClusterProcesses, Member>> order) =>
        fixture.DisturbAsync(log, order.Select(static member => new Upgrade(member)), RunSettings.Random(log));

    /// <summary>Silos of this version serve gateways of 0.1.0.</summary>
    public sealed class SilosFirst(FormerClusterFixture fixture, ITestOutputHelper log) : UpgradeTests(fixture, log), IClassFixture<FormerClusterFixture>
    {
        [NeedsFact(Need.FormerBuild)]
        public Task Silos_ThenGateways_PromisesHold() => UpgradeAsync(Silos.Concat(Gateways));
    }

    /// <summary>Gateways of this version ask silos of 0.1.0.</summary>
    public sealed class GatewaysFirst(FormerClusterFixture fixture, ITestOutputHelper log) : UpgradeTests(fixture, log), IClassFixture<FormerClusterFixture>
    {
        [NeedsFact(Need.FormerBuild)]
        public Task Gateways_ThenSilos_PromisesHold() => UpgradeAsync(Gateways.Concat(Silos));
    }
}
