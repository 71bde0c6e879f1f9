using Lockstep.Gateway.Http;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Tests;

/// <summary>Who gets how much of what all share, and in which turn.</summary>
public sealed class SharedBudgetTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Fact]
    public void OneUser_HoldsAQuarter_WhenNobodyElseHoldsAnything()
    {
        var budget = new SharedBudget(1000);
        var taken = 0;
        while (budget.TryTake("alice", 10))
        {
            taken += 10;
        }

        Assert.Equal(250, taken);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(50)]
    [InlineData(1000)]
    public void Others_HoweverManyTakeAllTheyCan_LeaveSomethingForALittleOne(int others)
    {
        var budget = new SharedBudget(1 << 20);
        for (var round = true; round;)
        {
            round = false;
            for (var i = 0; i < others; i++)
            {
                round |= budget.TryTake($"user{i}", 10_000);
            }
        }

        Assert.True(budget.TryTake("alice", 1024));
        Assert.InRange(budget.Taken, 1, (1 << 20) - ((1 << 20) / 8) + 1024);
    }

    [Fact]
    public void ASingleRequest_IsGrantedWhateverItsAmount_WhenNobodyHoldsAnything()
    {
        var budget = new SharedBudget(100);

        Assert.True(budget.TryTake("alice", 500));
        Assert.False(budget.TryTake("bob", 1));
        budget.Release("alice", 500);
        Assert.True(budget.TryTake("bob", 1));
        Assert.Equal(1, budget.Taken);
    }

    [Fact]
    public async Task WhoWaits_IsServedInTurnByUser()
    {
        var budget = new SharedBudget(100, 10, new FakeTime());
        Assert.True(budget.TryTake("first", 100));
        var served = new List<string>();
        var waiting = new[] { "alice1", "alice2", "alice3", "bob1" }.Select(name => WaitAsync(name)).ToList();

        budget.Release("first", 100);
        await Task.WhenAll(waiting);

        Assert.Equal(["alice1", "bob1", "alice2", "alice3"], served);

        async Task WaitAsync(string name)
        {
            Assert.True(await budget.TakeAsync(name[..^1], 100, Patience, CancellationToken.None));
            served.Add(name);
            budget.Release(name[..^1], 100);
        }
    }

    [Fact]
    public async Task WhoWaitsTooLong_OrBehindTooMany_GetsNothing_AndLeavesNothingBehind()
    {
        var time = new FakeTime();
        var budget = new SharedBudget(100, 2, time);
        Assert.True(budget.TryTake("first", 100));
        using var gone = new CancellationTokenSource();
        var late = budget.TakeAsync("alice", 10, Patience, CancellationToken.None).AsTask();
        var left = budget.TakeAsync("bob", 10, Patience, gone.Token).AsTask();

        Assert.False(await budget.TakeAsync("carol", 10, Patience, CancellationToken.None));
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        time.Advance(Patience);
        Assert.False(await late);

        budget.Release("first", 100);
        Assert.Equal(0, budget.Taken);
        Assert.True(await budget.TakeAsync("carol", 10, Patience, CancellationToken.None));
    }

    [Fact]
    public async Task OneUserWhoWaits_DoesNotHoldUpAnother()
    {
        var budget = new SharedBudget(100, 10, new FakeTime());
        Assert.True(budget.TryTake("alice", 25));
        var alice = budget.TakeAsync("alice", 20, Patience, CancellationToken.None).AsTask();

        Assert.True(await budget.TakeAsync("bob", 15, Patience, CancellationToken.None));
        Assert.False(alice.IsCompleted);
        budget.Release("alice", 25);

        Assert.True(await alice);
    }
}
