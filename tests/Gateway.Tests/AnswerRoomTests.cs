using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;
using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Gateway.Tests;

/// <summary>What is held for an answer while it is on its way.</summary>
public sealed class AnswerRoomTests : IDisposable
{
    private const long Most = 1 << 20;

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(1);

    private readonly SharedBudget budget = new(2 * Most);
    private readonly FakeTimeProvider time = new();
    private readonly GatewayMetrics metrics = new();
    private readonly TaskCompletionSource<int> answer = new();
    private readonly AnswerRoom room;

    public AnswerRoomTests() => room = new AnswerRoom(budget, "alice", metrics);

    [Fact]
    public async Task Answer_ThatTakesLong_HoldsNoRoomMeanwhile()
    {
        Assert.True(await room.PromiseAsync(Most, CancellationToken.None));
        var arrival = room.ArrivalAsync(new ValueTask<int>(answer.Task), time).AsTask();
        Assert.Equal(Most, budget.Taken);

        time.Advance(Long);
        await EventuallyAsync(() => budget.Taken == 0);
        answer.SetResult(7);

        Assert.Equal(7, await arrival);
    }

    [Fact]
    public async Task Answer_ThatComesAsTheWaitForItEnds_IsTakenAndKeepsItsRoom()
    {
        Assert.True(await room.PromiseAsync(Most, CancellationToken.None));
        var context = new HeldContext();
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        Task<int> arrival;
        try
        {
            arrival = room.ArrivalAsync(new ValueTask<int>(answer.Task), time).AsTask();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        time.Advance(Long);
        answer.SetResult(7);
        context.Run();

        Assert.Equal(7, await arrival);
        Assert.Equal(Most, budget.Taken);
    }

    [Fact]
    public async Task Answer_ThatFails_FailsItsRequest()
    {
        Assert.True(await room.PromiseAsync(Most, CancellationToken.None));
        var arrival = room.ArrivalAsync(new ValueTask<int>(answer.Task), time).AsTask();

        answer.SetException(new InvalidOperationException());

        await Assert.ThrowsAsync<InvalidOperationException>(() => arrival);
    }

    [Fact]
    public async Task LittleAnswer_ThatIsLongerThanPromised_IsKept_WhateverTheUserHolds()
    {
        Assert.True(await room.PromiseAsync(1, CancellationToken.None));
        using var other = new AnswerRoom(budget, "alice", metrics);
        other.Keep(Most);
        const long Little = 2 * Most / 4096;

        Assert.True(room.TryKeep(Little));
        Assert.False(room.TryKeep(Little), "Only once.");
        Assert.Equal(Most + Little, budget.Taken);
    }

    public void Dispose()
    {
        room.Dispose();
        metrics.Dispose();
    }

    private static async Task EventuallyAsync(Func<bool> holds)
    {
        while (!holds())
        {
            await Task.Yield();
        }
    }

    /// <summary>Holds what goes on after a wait until it is told.</summary>
    private sealed class HeldContext : SynchronizationContext
    {
        private readonly Queue<(SendOrPostCallback Callback, object? State)> held = new();

        public override void Post(SendOrPostCallback d, object? state) => held.Enqueue((d, state));

        public void Run()
        {
            while (held.TryDequeue(out var next))
            {
                next.Callback(next.State);
            }
        }
    }
}
