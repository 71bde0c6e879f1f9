using System.Net;
using Lockstep.Silo.Routing;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

namespace Lockstep.Cluster.Tests;

/// <summary>When a silo looks for owners that belong elsewhere.</summary>
public sealed class MoveScheduleTests
{
    private static readonly SiloAddress First = SiloAddress.New(IPAddress.Loopback, 1, 1);
    private static readonly SiloAddress Second = SiloAddress.New(IPAddress.Loopback, 2, 1);

    private readonly FakeTimeProvider time = new();
    private readonly MoveSchedule schedule;

    public MoveScheduleTests() => schedule = new MoveSchedule(time);

    [Fact]
    public void Look_ComesOnceSilosAreSettled_AndNotWithoutAny()
    {
        Assert.Null(schedule.Due([]));
        Assert.Null(schedule.Due([First]));
        time.Advance(MoveSchedule.Settled / 2);
        Assert.Null(schedule.Due([Second, First]));
        time.Advance(MoveSchedule.Settled / 2);
        Assert.Null(schedule.Due([First, Second]));

        time.Advance(MoveSchedule.Settled / 2);

        Assert.NotNull(schedule.Due([Second, First]));
    }

    [Fact]
    public void Look_ThatFindsSomething_ComesAgainAtOnce_AndOneThatFindsNothing_Later()
    {
        schedule.Due([First, Second]);
        time.Advance(MoveSchedule.Settled);
        Assert.NotNull(schedule.Due([First, Second]));
        schedule.Looked(hasMore: true);
        Assert.NotNull(schedule.Due([First, Second]));
        schedule.Looked(hasMore: false);
        Assert.Null(schedule.Due([First, Second]));

        // For who was made on the wrong silo meanwhile.
        time.Advance(MoveSchedule.Settled);

        Assert.NotNull(schedule.Due([First, Second]));
    }
}
