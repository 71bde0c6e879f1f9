using System.Reflection;
using System.Security.Cryptography;
using Lockstep.Core.Accounts;
using Lockstep.Core.Storage;
using Lockstep.Grains;
using Lockstep.Storage.Contract;
using Orleans;

namespace Lockstep.Cluster.Tests;

/// <summary>The counts of all gateways together.</summary>
public sealed class GrainSignInThrottleTests : SignInThrottleContract, IClassFixture<SignInCluster>
{
    private readonly SignInCluster cluster;

    // A secret of its own: keys are digests under it.
    private readonly byte[] secret = RandomNumberGenerator.GetBytes(32);

    public GrainSignInThrottleTests(SignInCluster cluster)
    {
        this.cluster = cluster;
        Throttle = Over(cluster.Orleans.Client);
    }

    protected override FakeTime Time => cluster.Time;

    protected override ISignInThrottle Throttle { get; }

    private ISignInGrain Grain => cluster.Orleans.Client.GetGrain<ISignInGrain>(Convert.ToHexString(secret));

    /// <summary>Gateways of 0.1.0 do not say which of their tries has ended.</summary>
    [Fact]
    public async Task Try_OfAFormerGateway_EndsByTimeToo_AlsoUnderSteadyUse()
    {
        Assert.Equal(TimeSpan.Zero, await Grain.BeginAsync(2, Limits.Window));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(TimeSpan.Zero, await Grain.BeginAsync(2, Limits.Window));
            await Grain.EndAsync(SignInResult.Passed, Limits.Window);
            Time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(TimeSpan.Zero, await Grain.BeginAsync(2, Limits.Window));
        Assert.Equal(TimeSpan.FromSeconds(1), await Grain.BeginAsync(2, Limits.Window));
        Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.Zero, await Grain.BeginAsync(2, Limits.Window));
        await Grain.EndAsync(SignInResult.Failed, Limits.Window);
        await Grain.EndAsync(SignInResult.Failed, Limits.Window);
        Assert.Equal(Limits.Window, await Grain.BeginAsync(2, Limits.Window));
    }

    [Fact]
    public async Task Tries_OfBothKinds_CountTogether()
    {
        var attempt = Guid.NewGuid();
        Assert.False((await Grain.TryAsync(attempt, 2, Limits.Window)).IsBusy);
        Assert.Equal(TimeSpan.Zero, await Grain.BeginAsync(2, Limits.Window));
        Assert.Equal(TimeSpan.FromSeconds(1), await Grain.BeginAsync(2, Limits.Window));
        Assert.True((await Grain.TryAsync(Guid.NewGuid(), 2, Limits.Window)).IsBusy);
        await Grain.EndAsync(SignInResult.Failed, Limits.Window);
        await Grain.DecideAsync(attempt, SignInResult.Failed, Limits.Window);
        Assert.Equal(Limits.Window, (await Grain.TryAsync(Guid.NewGuid(), 2, Limits.Window)).Wait);
        Assert.Equal(Limits.Window, await Grain.BeginAsync(2, Limits.Window));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Begin_WhoseAnswerIsLost_IsTakenBack(int call)
    {
        var counts = new FakeCounts { LosesAnswerOf = call };
        var throttle = Over(counts.Factory);

        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await throttle.BeginAsync(Attempt(), CancellationToken.None));

        Assert.Equal(Enumerable.Repeat("try", call).Concat(["decide Passed", "decide Passed"]), counts.Calls);
    }

    [Fact]
    public async Task Begin_RefusedByTheAddress_IsTakenBack_AndOneRefusedByThePairWasNone()
    {
        var counts = new FakeCounts { RefusesAt = 2 };
        Assert.True((await Over(counts.Factory).BeginAsync(Attempt(), CancellationToken.None)).IsBusy);
        Assert.Equal(["try", "try", "decide Passed"], counts.Calls);

        counts = new FakeCounts { RefusesAt = 1 };
        Assert.True((await Over(counts.Factory).BeginAsync(Attempt(), CancellationToken.None)).IsBusy);
        Assert.Equal(["try"], counts.Calls);
    }

    [Fact]
    public async Task End_ThatOneCountDoesNotHear_IsToldTheOtherAllTheSame()
    {
        var counts = new FakeCounts { LosesAnswerOf = 1 };

        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await Over(counts.Factory).EndAsync(Attempt(), SignInVerdict.Wrong));

        Assert.Equal(["decide Failed", "decide Failed"], counts.Calls);
    }

    [Fact]
    public async Task Silo_ThatDoesNotKnowTheCall_IsAskedAsItKnows()
    {
        var counts = new FakeCounts { IsFormer = true };
        var throttle = Over(counts.Factory);

        Assert.True((await throttle.BeginAsync(Attempt(), CancellationToken.None)).IsGranted);
        await throttle.EndAsync(Attempt(), SignInVerdict.Right);

        Assert.Equal(["try", "begin", "try", "begin", "decide Cleared", "end Cleared", "decide Passed", "end Passed"], counts.Calls);
    }

    private static SignInTry Attempt() => new(Guid.NewGuid(), "alice", "here");

    private GrainSignInThrottle Over(IGrainFactory grains) =>
        new(grains, Task.CompletedTask, TimeSpan.FromSeconds(10), Limits, secret, TimeProvider.System);

    /// <summary>Writes down what it is asked, and fails as it was told to.</summary>
    private sealed class FakeCounts : ISignInGrain
    {
        public List<string> Calls { get; } = [];

        public int LosesAnswerOf { get; init; }

        public int RefusesAt { get; init; }

        public bool IsFormer { get; init; }

        public IGrainFactory Factory
        {
            get
            {
                var grains = DispatchProxy.Create<IGrainFactory, FakeGrains>();
                ((FakeGrains)(object)grains).Counts = this;
                return grains;
            }
        }

        public Task<TimeSpan> BeginAsync(int limit, TimeSpan window)
        {
            Note("begin");
            return Task.FromResult(TimeSpan.Zero);
        }

        public Task EndAsync(SignInResult result, TimeSpan window)
        {
            Note($"end {result}");
            return Task.CompletedTask;
        }

        public Task<SignInAnswer> TryAsync(Guid attempt, int limit, TimeSpan window)
        {
            Note("try", isKnown: !IsFormer);
            return Task.FromResult(new SignInAnswer { IsBusy = Calls.Count == RefusesAt });
        }

        public Task DecideAsync(Guid attempt, SignInResult result, TimeSpan window)
        {
            Note($"decide {result}", isKnown: !IsFormer);
            return Task.CompletedTask;
        }

        private void Note(string call, bool isKnown = true)
        {
            Calls.Add(call);
            if (!isKnown)
            {
                throw new TypeLoadException("""Unable to resolve type alias "("inv",[Orleans.Runtime.GrainReference],[Lockstep.Grains.ISignInGrain],"try")".""");
            }

            if (Calls.Count == LosesAnswerOf)
            {
                throw new TimeoutException();
            }
        }
    }

    private class FakeGrains : DispatchProxy
    {
        public ISignInGrain? Counts { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Counts;
    }
}
