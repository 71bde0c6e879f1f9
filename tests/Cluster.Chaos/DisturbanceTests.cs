using Lockstep.Cluster.Chaos.Disturbances;
using Lockstep.Cluster.Chaos.Load;
using Lockstep.Cluster.Chaos.Processes;
using Xunit.Abstractions;

namespace Lockstep.Cluster.Chaos;

/// <summary>
/// What clients were promised holds while one thing goes wrong: nothing acknowledged is lost, stamps rise, pollers miss
/// nothing, conditional writes are linearizable, nobody sees another's data, and every answer is one of the documented.
/// </summary>
public sealed class DisturbanceTests(ClusterFixture fixture, ITestOutputHelper log) : IClassFixture<ClusterFixture>
{
    [Fact]
    public Task Silo_Killed_PromisesHold() => DisturbAsync(new KillSilo());

    [Fact]
    public Task Gateway_Killed_PromisesHold() => DisturbAsync(new KillGateway());

    [Fact]
    public Task Silo_StoodStillUntilDeclaredDead_PromisesHold() => DisturbAsync(new PauseSilo());

    [Fact]
    public Task Postgres_KilledAndStartedAgain_PromisesHold() => DisturbAsync(new CrashPostgres());

    [Fact]
    public Task Backends_Terminated_PromisesHold() => DisturbAsync(new TerminateBackends());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Silo_CutOffFromPostgres_PromisesHold(bool told) => DisturbAsync(new CutFromPostgres(told));

    [NeedsFact(Need.NetworkNamespaces)]
    public Task Silo_CutOffFromTheOthers_PromisesHold() => DisturbAsync(new CutFromSilos());

    [NeedsFact(Need.FakeClock)]
    public Task Clocks_MinutesApart_PromisesHold() => DisturbAsync(new MoveClocks());

    [Fact]
    public async Task Buckets_WithOwnersInTwoClustersAtOnce_PromisesHold()
    {
        // A question of Sync does not say what its client has seen; at the other cluster its answer may be as old as the lease.
        await using var other = await fixture.Cluster.StartOtherClusterAsync();
        await fixture.DisturbAsync(
            log, [new TerminateBackends(), new CutFromPostgres(told: false)], RunSettings.Random(log), [.. fixture.Gateways, new Entrance(other.Url, other)], withSync: false);
    }

    [Fact]
    public Task Silos_RestartedOneByOne_NoRequestFails() => DisturbAsync(new RollingRestart(gateways: false, balanced: true), allAnswered: true);

    [NeedsFact(Need.LoadBalancer)]
    public async Task Gateways_RestartedOneByOneBehindALoadBalancer_NoRequestFails()
    {
        await using var balancer = await LoadBalancer.StartAsync(fixture.Cluster.Gateways.Select(static gateway => gateway.Url));
        try
        {
            await DisturbAsync(new RollingRestart(gateways: true, balanced: true), entrances: [new Entrance(balancer.Url, Member: null)], allAnswered: true);
        }
        finally
        {
            log.WriteLine(balancer.Output);
        }
    }

    private Task DisturbAsync(IDisturbance disturbance, IReadOnlyList<Entrance>? entrances = null, bool allAnswered = false) =>
        fixture.DisturbAsync(log, [disturbance], RunSettings.Random(log), entrances, allAnswered);
}
