using Lockstep.Core.Accounts;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every count of failed sign-ins promises. Two for a pair of account and address, four for an address.</summary>
public abstract class SignInThrottleContract
{
    protected static SignInLimits Limits { get; } = new(Failures: 2, FailuresPerAddress: 4, TimeSpan.FromMinutes(5));

    /// <summary>The clock of the counts. Nobody else waits by it.</summary>
    protected abstract FakeTime Time { get; }

    /// <summary>The same for all of a test, and unknown to all others.</summary>
    protected abstract ISignInThrottle Throttle { get; }

    [Fact]
    public async Task Failures_AsManyAsTheLimit_MakeThatPairWait_UntilTheWindowEnds()
    {
        await FailAsync("alice");
        Time.Advance(TimeSpan.FromMinutes(1));
        await FailAsync("alice");

        var refused = await BeginAsync("alice");
        Assert.Equal(TimeSpan.FromMinutes(4), refused.Permit.Wait);
        Assert.False(refused.Permit.IsBusy);
        await PassAsync("bob");
        Time.Advance(TimeSpan.FromMinutes(4));
        await PassAsync("alice");
    }

    [Fact]
    public async Task Failures_OfOneAddress_MakeAllItsAccountsWait()
    {
        for (var i = 0; i < Limits.FailuresPerAddress; i++)
        {
            await FailAsync($"user{i}");
        }

        Assert.Equal(Limits.Window, (await BeginAsync("alice")).Permit.Wait);
        Assert.True((await BeginAsync("alice", "elsewhere")).Permit.IsGranted);
    }

    [Fact]
    public async Task Try_WithLimitsOfItsOwn_IsCountedByThem()
    {
        var attempt = new SignInTry(Guid.NewGuid(), "day", "day") { Limits = new SignInLimits(1, 1, TimeSpan.FromDays(1)) };
        Assert.True((await Throttle.BeginAsync(attempt, default)).IsGranted);
        await Throttle.EndAsync(attempt, SignInVerdict.Wrong);
        Time.Advance(TimeSpan.FromHours(23));

        Assert.Equal(TimeSpan.FromHours(1), (await Throttle.BeginAsync(attempt with { Id = Guid.NewGuid() }, default)).Wait);

        Time.Advance(TimeSpan.FromHours(1));
        var next = attempt with { Id = Guid.NewGuid() };
        Assert.True((await Throttle.BeginAsync(next, default)).IsGranted);
        await Throttle.EndAsync(next, SignInVerdict.Undecided);
    }

    /// <summary>A busy address, as many people share one.</summary>
    [Fact]
    public async Task Successes_HoweverMany_CountAgainstNobody()
    {
        for (var i = 0; i < 50; i++)
        {
            await PassAsync($"user{i % 7}");
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                // Of all at once some may be told to come again; none that they were wrong.
                var (attempt, permit) = await BeginAsync($"user{writer}");
                Assert.Equal(TimeSpan.Zero, permit.Wait);
                if (permit.IsGranted)
                {
                    await Throttle.EndAsync(attempt, SignInVerdict.Right);
                }
            }
        })));

        for (var i = 0; i < Limits.FailuresPerAddress; i++)
        {
            await FailAsync($"user{i}");
        }
    }

    [Fact]
    public async Task Failures_ManyAtOnce_AreAllCounted()
    {
        var tries = new List<SignInTry>();
        for (var i = 0; i < Limits.FailuresPerAddress; i++)
        {
            var (attempt, permit) = await BeginAsync($"user{i / 2}");
            Assert.True(permit.IsGranted);
            tries.Add(attempt);
        }

        await Task.WhenAll(tries.Select(attempt => Task.Run(async () => await Throttle.EndAsync(attempt, SignInVerdict.Wrong))));

        Assert.Equal(Limits.Window, (await BeginAsync("user0")).Permit.Wait);
        Assert.Equal(Limits.Window, (await BeginAsync("alice")).Permit.Wait);
    }

    [Fact]
    public async Task Tries_UnderWay_AreNoMoreThanTheLimit_AndWhoComesThenIsNotCalledWrong()
    {
        var first = await BeginAsync("alice");
        var second = await BeginAsync("alice");
        Assert.Equal(new SignInPermit(TimeSpan.Zero, IsBusy: true), (await BeginAsync("alice")).Permit);

        await Throttle.EndAsync(first.Attempt, SignInVerdict.Right);
        var third = await BeginAsync("alice");
        Assert.True(third.Permit.IsGranted);
        Assert.True((await BeginAsync("alice")).Permit.IsBusy);
        Assert.True(second.Permit.IsGranted);
    }

    [Fact]
    public async Task Try_WithoutAVerdict_DoesNotCount()
    {
        for (var i = 0; i < 20; i++)
        {
            var (attempt, permit) = await BeginAsync("alice");
            Assert.True(permit.IsGranted);
            await Throttle.EndAsync(attempt, SignInVerdict.Undecided);
        }
    }

    /// <summary>The process that began it died, or nobody could tell of its end.</summary>
    [Fact]
    public async Task Try_WhoseEndNeverComes_CountsForAMinute_AlsoUnderSteadyUse()
    {
        await BeginAsync("alice");
        await BeginAsync("bob");
        for (var i = 0; i < 5; i++)
        {
            await PassAsync("alice");
            Time.Advance(TimeSpan.FromSeconds(10));
        }

        var other = await BeginAsync("alice");
        Assert.True((await BeginAsync("alice")).Permit.IsBusy);
        Time.Advance(TimeSpan.FromSeconds(10));

        Assert.True((await BeginAsync("alice")).Permit.IsGranted);
        await Throttle.EndAsync(other.Attempt, SignInVerdict.Right);
        Assert.True((await BeginAsync("alice")).Permit.IsGranted);
        Assert.True((await BeginAsync("carol")).Permit.IsGranted);
    }

    /// <summary>What was not let through is no try: neither the pair's count nor the address's rises.</summary>
    [Fact]
    public async Task Try_ThatWasRefused_LeavesNothing()
    {
        var held = new List<SignInTry>();
        for (var i = 0; i < Limits.FailuresPerAddress; i++)
        {
            held.Add((await BeginAsync($"user{i}")).Attempt);
        }

        for (var i = 0; i < 20; i++)
        {
            Assert.True((await BeginAsync("alice")).Permit.IsBusy);
        }

        foreach (var attempt in held)
        {
            await Throttle.EndAsync(attempt, SignInVerdict.Right);
        }

        await PassAsync("alice");
        await FailAsync("alice");
        await FailAsync("alice");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(Limits.Window, (await BeginAsync("alice")).Permit.Wait);
        }

        await FailAsync("bob");
        await FailAsync("bob");
    }

    [Fact]
    public async Task Success_ForgetsWhatFailedForThatPair_AndNotForTheAddress()
    {
        for (var i = 0; i < Limits.FailuresPerAddress; i++)
        {
            await PassAsync("alice");
            await FailAsync("alice");
        }

        Assert.Equal(Limits.Window, (await BeginAsync("alice")).Permit.Wait);
    }

    protected async Task<(SignInTry Attempt, SignInPermit Permit)> BeginAsync(string account, string address = "here")
    {
        var attempt = new SignInTry(Guid.NewGuid(), account, address);
        return (attempt, await Throttle.BeginAsync(attempt, CancellationToken.None));
    }

    protected Task PassAsync(string account) => EndedAsync(account, SignInVerdict.Right);

    protected Task FailAsync(string account) => EndedAsync(account, SignInVerdict.Wrong);

    private async Task EndedAsync(string account, SignInVerdict verdict)
    {
        var (attempt, permit) = await BeginAsync(account);
        Assert.True(permit.IsGranted, $"{account}: {permit}");
        await Throttle.EndAsync(attempt, verdict);
    }
}
