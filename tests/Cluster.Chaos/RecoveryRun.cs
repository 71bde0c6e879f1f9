using System.Diagnostics;
using Lockstep.Cluster.Chaos.Load;
using Lockstep.Cluster.Chaos.Processes;
using Xunit.Abstractions;

namespace Lockstep.Cluster.Chaos;

/// <summary>Measures how soon the cluster serves again. Nothing but that it does is asserted: times are the machine's.</summary>
public sealed class RecoveryRun(RecoveryRunFixture fixture, ITestOutputHelper log) : IClassFixture<RecoveryRunFixture>
{
    // What took longer is to be looked into.
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(4);

    private ClusterProcesses Cluster => fixture.Cluster;

    private static int Rounds => RunSettings.RecoveryRounds!.Value;

    [NeedsFact(Need.RecoveryRun)]
    public Task Silo_Killed() => MeasureAsync("kill -9 of a silo", Rounds, async (recovery, silo) =>
    {
        silo.Kill();
        return await recovery.MeasureAsync(Stopwatch.GetTimestamp());
    });

    [NeedsFact(Need.RecoveryRun)]
    public Task Silo_Terminated() => MeasureAsync("SIGTERM of a silo", Rounds, async (recovery, silo) =>
    {
        var (blow, starts) = (Stopwatch.GetTimestamp(), silo.Starts);
        silo.Terminate();

        // It serves while it leaves; what clients notice comes when it is gone.
        var slowest = TimeSpan.Zero;
        while (silo.Starts == starts)
        {
            var begun = Stopwatch.GetTimestamp();
            var took = await recovery.MeasureAsync(begun);
            slowest = took > slowest ? took : slowest;
        }

        return slowest;
    });

    [NeedsFact(Need.RecoveryRun)]
    public Task Silo_StoodStill() => MeasureAsync("SIGSTOP of a silo", Rounds, async (recovery, silo) =>
    {
        var starts = silo.Starts;
        silo.LetEnd();
        silo.Stop();
        var took = await recovery.MeasureAsync(Stopwatch.GetTimestamp());
        silo.Resume();
        await silo.StartedAgainAsync(starts);
        return took;
    });

    [NeedsFact(Need.RecoveryRun)]
    public Task Postgres_Killed() => MeasureAsync("PostgreSQL killed and started again", Rounds, async (recovery, _) =>
    {
        var blow = Stopwatch.GetTimestamp();
        var restarted = Cluster.CrashPostgresAsync();
        var down = Stopwatch.GetTimestamp();
        await restarted;
        RunSettings.Say(log, $"PostgreSQL itself was back after {Stopwatch.GetElapsedTime(down).TotalSeconds:F1} s");
        return await recovery.MeasureAsync(blow);
    });

    private async Task MeasureAsync(string what, int rounds, Func<Recovery, Member, Task<TimeSpan>> round)
    {
        await Cluster.ReadyAsync();
        await using var recovery = await Recovery.StartAsync(fixture.Gateways);
        var times = new List<TimeSpan>();
        var longest = Slow;
        for (var i = 0; i < rounds; i++)
        {
            times.Add(await round(recovery, Cluster.Silos[i % Cluster.Silos.Count]));
            RunSettings.Say(log, $"{what}, round {i + 1}: {times[^1].TotalSeconds:F1} s");
            if (times[^1] > longest)
            {
                longest = times[^1];
                RunSettings.Say(log, $"Logs of all members: {Cluster.KeepLogs()}");
            }

            await Cluster.ReadyAsync();
        }

        times.Sort();
        recovery.Verdicts.AssertKept();
        RunSettings.Say(log, $"{what}: {rounds} rounds, median {times[rounds / 2].TotalSeconds:F1} s, worst {times[^1].TotalSeconds:F1} s; {recovery.Verdicts}");
    }
}
