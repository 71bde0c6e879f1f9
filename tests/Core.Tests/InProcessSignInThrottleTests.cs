using Lockstep.Core.Accounts;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

public sealed class InProcessSignInThrottleTests : SignInThrottleContract
{
    public InProcessSignInThrottleTests() => Throttle = new InProcessSignInThrottle(Limits, Time);

    protected override FakeTime Time { get; } = new();

    protected override ISignInThrottle Throttle { get; }

    [Fact]
    public async Task Keys_MoreThanAreRemembered_AreNotCounted_UntilOldOnesMeanNothing()
    {
        for (var i = 0; i < 60_000; i++)
        {
            var (attempt, permit) = await BeginAsync("alice", $"address{i}");
            Assert.True(permit.IsGranted);
            await Throttle.EndAsync(attempt, SignInVerdict.Wrong);
        }

        await FailAsync("bob");
        await FailAsync("bob");
        await FailAsync("bob");
        Time.Advance(Limits.Window);
        await FailAsync("bob");
        await FailAsync("bob");
        Assert.Equal(Limits.Window, (await BeginAsync("bob")).Permit.Wait);
    }
}
