using System.Reflection;
using Missing = Lockstep.Core.Outcomes.Missing;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Grains;
using Lockstep.Grains.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Runtime;

namespace Lockstep.Cluster.Tests;

/// <summary>What callers are told, and what is sent again, when calls to owners fail.</summary>
public sealed class GrainBucketsTests
{
    private static readonly BucketId Bucket = BucketId.DefaultBucket("b");
    private static readonly Caller Alice = new("account:alice", IsDefaultBucket: true);
    private static readonly BucketRequest Read = new(Alice, [new ReadRecord(ObjectRef.Record("tasks", "a"))]);
    private static readonly BucketRequest Write = new(Alice, [new PutRecord(ObjectRef.Record("tasks", "a"), "{}"u8.ToArray())]);

    private readonly FakeOwner owner = new();

    /// <summary>The first one is what Orleans says of what it could not send a second time.</summary>
    public static TheoryData<Exception> Lost => [new OperationCanceledException(), Rejection("No gateways available"), new SiloUnavailableException(), new OrleansException("sent back"), new TimeoutException()];

    [Theory]
    [MemberData(nameof(Lost))]
    public async Task Write_CallFails_IsToldUnknown_AndNotSentAgain(Exception failure)
    {
        owner.Fail(failure, left: true);
        owner.Answer();

        Assert.Equal([Unavailable.FateUnknown], await ExecuteAsync(Buckets(), Write));
        Assert.Equal(["execute"], owner.Calls);
    }

    [Fact]
    public async Task Read_CallFails_IsSentAgain()
    {
        owner.Fail(new SiloUnavailableException());
        owner.Fail(new SiloUnavailableException());
        owner.Answer();

        Assert.IsType<Missing>(Assert.Single(await ExecuteAsync(Buckets(), Read)));
        Assert.Equal(["execute", "execute", "execute"], owner.Calls);
    }

    [Fact]
    public async Task Read_CallFailsForLong_IsNotExecuted()
    {
        owner.FailAlways(new SiloUnavailableException());

        Assert.Equal([Unavailable.StoreFailed], await ExecuteAsync(Buckets(TimeSpan.Zero), Read));
    }

    [Fact]
    public async Task Write_AfterAFailedCall_IsSentOnceTheOwnerAnswers()
    {
        var buckets = Buckets();
        owner.Fail(new SiloUnavailableException());
        await ExecuteAsync(buckets, Write);
        owner.Fail(new SiloUnavailableException());
        owner.Fail(new SiloUnavailableException());
        owner.Answer();
        owner.Answer();

        Assert.IsType<Missing>(Assert.Single(await ExecuteAsync(buckets, Write)));
        Assert.Equal(["execute", "ping", "ping", "ping", "execute"], owner.Calls);
    }

    [Fact]
    public async Task Write_AfterAFailedCall_OwnerStaysAway_IsNotExecuted()
    {
        var buckets = Buckets(TimeSpan.Zero);
        owner.FailAlways(new SiloUnavailableException());
        await ExecuteAsync(buckets, Write);

        Assert.Equal([Unavailable.StoreFailed], await ExecuteAsync(buckets, Write));
        Assert.Equal(["execute", "ping"], owner.Calls);
    }

    [Theory]
    [InlineData("Silo stopping ", true)]
    [InlineData("No gateways available", false)]
    public async Task Write_SentBackBeforeAnOwner_IsSentAgain(string reason, bool left)
    {
        owner.Fail(Rejection(reason), left);
        owner.Answer();
        owner.Answer();

        Assert.IsType<Missing>(Assert.Single(await ExecuteAsync(Buckets(), Write)));
        Assert.Equal(["execute", "ping", "execute"], owner.Calls);
    }

    [Fact]
    public async Task Write_SentBackForLong_IsNotExecuted()
    {
        owner.FailAlways(Rejection("Silo stopping "));

        Assert.Equal([Unavailable.StoreFailed], await ExecuteAsync(Buckets(TimeSpan.Zero), Write));
    }

    [Fact]
    public async Task Write_CallerGivesUp_IsNeverTakenBack()
    {
        using var gone = new CancellationTokenSource();
        owner.Answer(() =>
        {
            gone.Cancel();
            return !owner.LastToken.CanBeCanceled;
        });

        Assert.IsType<Missing>(Assert.Single((await Buckets().Get(Bucket).ExecuteAsync(Write, gone.Token)).Outcomes));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Buckets().Get(Bucket).ExecuteAsync(Write, gone.Token).AsTask());
        Assert.Equal(["execute"], owner.Calls);
    }

    [Fact]
    public async Task Fault_InTheOwner_ComesThrough()
    {
        owner.Fail(new InvalidOperationException("a bug"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => ExecuteAsync(Buckets(), Write));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_BeforeTheProcessHasJoined_WaitsForThat(bool isWrite)
    {
        var joined = new TaskCompletionSource();
        owner.Answer();

        var answer = ExecuteAsync(Buckets(joined: joined.Task), isWrite ? Write : Read);

        Assert.False(answer.IsCompleted);
        Assert.Empty(owner.Calls);
        joined.SetResult();
        await answer;
        Assert.Equal(["execute"], owner.Calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_WhenTheProcessDoesNotJoin_IsNotExecuted_AndItsCallerIsToldSo(bool isWrite)
    {
        var outcomes = await ExecuteAsync(Buckets(wait: TimeSpan.FromMilliseconds(50), joined: new TaskCompletionSource().Task), isWrite ? Write : Read);

        Assert.Equal([Unavailable.StoreFailed], outcomes);
        Assert.Empty(owner.Calls);
    }

    private static Exception Rejection(string reason) => (Exception)Activator.CreateInstance(
        typeof(OrleansMessageRejectionException), BindingFlags.NonPublic | BindingFlags.Instance, binder: null, [reason], culture: null)!;

    private GrainBuckets Buckets(TimeSpan? wait = null, Task? joined = null) =>
        new(_ => FakeGrains.Of(owner), null, joined ?? Task.CompletedTask, wait ?? TimeSpan.FromSeconds(30), TimeProvider.System, NullLogger<GrainBuckets>.Instance);

    private static async Task<IReadOnlyList<Outcome>> ExecuteAsync(GrainBuckets buckets, BucketRequest request) =>
        (await buckets.Get(Bucket).ExecuteAsync(request, CancellationToken.None)).Outcomes;

    /// <summary>Answers each call as it was told to, in order.</summary>
    private sealed class FakeOwner : IBucketGrain
    {
        private readonly Queue<Func<ResponseWire>> answers = new();
        private Exception? always;
        private RequestWire? request;

        public List<string> Calls { get; } = [];

        public CancellationToken LastToken { get; private set; }

        /// <param name="failure">What the call ends with.</param>
        /// <param name="left">Whether the request was written to a connection before.</param>
        public void Fail(Exception failure, bool left = false) => answers.Enqueue(() =>
        {
            if (left)
            {
                Assert.NotEmpty(request!.Operations);
            }

            throw failure;
        });

        public void FailAlways(Exception failure) => always = failure;

        public void Answer(Func<bool>? condition = null) => answers.Enqueue(() =>
        {
            Assert.True(condition?.Invoke() ?? true);
            return ResponseWire.From(new BucketResponse([new Missing(ObjectRef.Record("tasks", "a"))]));
        });

        public Task<ResponseWire> ExecuteAsync(RequestWire sent, CancellationToken cancellationToken)
        {
            request = sent;
            LastToken = cancellationToken;
            return NextAsync("execute");
        }

        public Task PingAsync() => NextAsync("ping");

        /// <summary>At once: a ping that a busy machine brings back late is one that failed.</summary>
        private async Task<ResponseWire> NextAsync(string call)
        {
            Calls.Add(call);
            await Task.CompletedTask;
            return always is null ? answers.Dequeue()() : throw always;
        }
    }

    private class FakeGrains : DispatchProxy
    {
        private IBucketGrain? owner;

        public static IGrainFactory Of(IBucketGrain owner)
        {
            var grains = Create<IGrainFactory, FakeGrains>();
            ((FakeGrains)(object)grains).owner = owner;
            return grains;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => owner;
    }
}
