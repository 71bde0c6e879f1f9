using Lockstep.Cluster.Chaos.Disturbances;
using Lockstep.Cluster.Chaos.Load;
using Lockstep.Cluster.Chaos.Processes;
using Xunit.Abstractions;

namespace Lockstep.Cluster.Chaos;

/// <summary>One cluster for all tests of a class; each brings its own accounts and buckets.</summary>
public class ClusterFixture : IAsyncLifetime
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(60);
    private ClusterProcesses? cluster;

    internal ClusterProcesses Cluster => cluster!;

    internal IReadOnlyList<Entrance> Gateways => [.. Cluster.Gateways.Select(static gateway => new Entrance(gateway.Url, gateway))];

    /// <summary>The build that all members begin with; null: the one that is tested.</summary>
    protected virtual string? Program => null;

    /// <summary>Whether any test of the class runs. A fixture is made for those too that are all left out.</summary>
    protected virtual bool IsNeeded => true;

    public async Task InitializeAsync() => cluster = IsNeeded ? await ClusterProcesses.StartAsync(Program) : null;

    public async Task DisposeAsync()
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
        }
    }

    /// <summary>Disturbs the cluster under load. All promises are checked while it runs, after each round, and at the end.</summary>
    /// <param name="log">Says what was done.</param>
    /// <param name="rounds">One disturbance each.</param>
    /// <param name="random">Decides what the disturbances leave open.</param>
    /// <param name="entrances">Where clients come in; null: the gateways themselves.</param>
    /// <param name="allAnswered">Whether every request must be answered by something else than 503.</param>
    /// <param name="withSync">Whether users of Sync, and devices that follow streams, are among the clients, where all members serve them.</param>
    internal async Task DisturbAsync(
        ITestOutputHelper log, IEnumerable<IDisturbance> rounds, Random random, IReadOnlyList<Entrance>? entrances = null, bool allAnswered = false, bool withSync = true)
    {
        try
        {
            await Cluster.ReadyAsync();
            await using var load = await ClusterLoad.StartAsync(entrances ?? Gateways, Pause, withSync && Program is null, withHistory: Program is null);
            await load.ServedAgainAsync();
            var done = 0;
            foreach (var disturbance in rounds)
            {
                await disturbance.RunAsync(Cluster, random);
                await load.ServedAgainAsync();
                load.Verdicts.AssertKept();
                AssertNobodyEnded();
                done++;
                RunSettings.Say(log, $"round {done}: {disturbance.GetType().Name}; {load.Verdicts}");
            }

            await load.FinishAsync();
            AssertNobodyEnded();
            RunSettings.Say(log, $"{done} rounds, {load.RegisterWrites} conditional writes in histories; {load.Verdicts}");
            Assert.True(!allAnswered || load.Verdicts.Refused + load.Verdicts.Unknown == 0, $"Requests failed: {load.Verdicts}");
        }
        catch
        {
            RunSettings.Say(log, $"Logs of all members: {Cluster.KeepLogs()}\n{Cluster.Tail()}");
            throw;
        }
    }

    private void AssertNobodyEnded()
    {
        foreach (var member in Cluster.Members)
        {
            Assert.True(member.UnexpectedEnds.IsEmpty, $"{member.Name} ended by itself with {string.Join(' ', member.UnexpectedEnds)}.");
        }
    }
}
