using System.Diagnostics;
using Lockstep.Cluster.Chaos.Disturbances;
using Xunit.Abstractions;

namespace Lockstep.Cluster.Chaos;

/// <summary>The long form: one disturbance after the other, in an order that the seed decides, for as long as was asked for.</summary>
public sealed class LongRun(LongRunFixture fixture, ITestOutputHelper log) : IClassFixture<LongRunFixture>
{
    // Accounts and buckets last for so many disturbances; all that is stored is looked at when they end.
    private const int RoundsEach = 5;

    private static readonly IDisturbance[] Disturbances =
    [
        new KillSilo(), new KillGateway(), new PauseSilo(), new CrashPostgres(), new TerminateBackends(), new CutFromPostgres(told: false),
        new CutFromPostgres(told: true), new CutFromSilos(), new MoveClocks(), new RollingRestart(gateways: false, balanced: false), new RollingRestart(gateways: true, balanced: false),
    ];

    [NeedsFact(Need.LongRun)]
    public async Task Cluster_DisturbedAgainAndAgain_PromisesHold()
    {
        var begun = Stopwatch.GetTimestamp();
        var random = RunSettings.Random(log);
        foreach (var disturbance in Disturbances)
        {
            if (disturbance.CannotBeDone(fixture.Cluster) is { } reason)
            {
                RunSettings.Say(log, $"left out: {disturbance.GetType().Name}: {reason}");
            }
        }

        var possible = Disturbances.Where(disturbance => disturbance.CannotBeDone(fixture.Cluster) is null).ToArray();
        while (Stopwatch.GetElapsedTime(begun) < TimeSpan.FromMinutes(RunSettings.Minutes!.Value))
        {
            await fixture.DisturbAsync(log, random.GetItems(possible, RoundsEach), random);
        }
    }
}
