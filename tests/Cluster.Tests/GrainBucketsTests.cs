using System.Reflection;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Patches;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Grains.Wire.Former;
using Lockstep.Grains.Wire;
using Lockstep.Grains;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.Logging.Abstractions;
using Missing = Lockstep.Core.Outcomes.Missing;
using Orleans.Runtime;
using Orleans;

namespace Lockstep.Cluster.Tests;

/// <summary>What callers are told, and what is sent again, when calls to owners fail.</summary>
public sealed class GrainBucketsTests : IDisposable
{
    private static readonly BucketId Bucket = BucketId.DefaultBucket("b");
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly BucketRequest Read = new(Alice, [new ReadRecord(ObjectRef.Record("tasks", "a"))]);
    private static readonly BucketRequest Sort = new(Alice, [new ListRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 1, Sort = [new SortField("a", Descending: false)] })]);
    private static readonly BucketRequest Write = new(Alice, [new PutRecord(ObjectRef.Record("tasks", "a"), "{}"u8.ToArray())]);

    private readonly FakeOwner owner = new();
    private readonly LostCalls lost = new();

    public void Dispose() => lost.Dispose();

    /// <summary>The first one is what Orleans says of what it could not send a second time.</summary>
    public static TheoryData<Exception> Lost => [new OperationCanceledException(), Rejection("No gateways available"), new SiloUnavailableException(), new OrleansException("sent back"), new TimeoutException()];

    [Theory]
    [MemberData(nameof(Lost))]
    public async Task Write_CallFails_IsToldUnknown_AndNotSentAgain(Exception failure)
    {
        owner.Fail(failure, left: true);
        owner.Answer();

        Assert.Equal([Unavailable.FateUnknown], await ExecuteAsync(Buckets(), Write));
        Assert.Equal(["run"], owner.Calls);
    }

    [Fact]
    public async Task Read_CallFails_IsSentAgain()
    {
        owner.Fail(new SiloUnavailableException());
        owner.Fail(new SiloUnavailableException());
        owner.Answer();

        Assert.IsType<Missing>(Assert.Single(await ExecuteAsync(Buckets(), Read)));
        Assert.Equal(["run", "run", "run"], owner.Calls);
    }

    /// <summary>Else whoever has the server sort for long makes all others' writes ask first.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_ThatTakesTooLong_HoldsUpNoWrite_IfItsOwnerAnswersOtherwise(bool answers)
    {
        var buckets = Buckets();
        owner.Fail(new TimeoutException());
        if (answers)
        {
            owner.Answer();
        }
        else
        {
            owner.Fail(new TimeoutException());
            owner.Answer();
        }

        owner.Answer();

        Assert.Equal([Unavailable.StoreFailed], await ExecuteAsync(buckets, Read));
        Assert.IsType<Missing>(Assert.Single(await ExecuteAsync(buckets, Write)));
        Assert.Equal(answers ? ["run", "ping", "run"] : ["run", "ping", "ping", "run"], owner.Calls);
    }

    [Fact]
    public async Task Sort_ThatCanBeGivenUp_GoesAsSuch_AndToASiloThatDoesNotKnowThatAsARead()
    {
        var time = new FakeTime();
        time.Advance(TimeSpan.FromSeconds(1));
        var buckets = Buckets(time: time);
        using var gone = new CancellationTokenSource();
        foreach (var known in new[] { true, false, false })
        {
            if (!known && owner.Calls.Count == 1)
            {
                owner.Fail(Unreadable());
            }

            owner.Answer();
            Assert.IsType<Missing>(Assert.Single((await buckets.Get(Bucket).ExecuteAsync(Sort, gone.Token)).Outcomes));
        }

        Assert.Equal(["read", "read", "run", "run"], owner.Calls);
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
        Assert.Equal(["run", "ping", "ping", "ping", "run"], owner.Calls);
    }

    [Fact]
    public async Task Write_AfterAFailedCall_OwnerStaysAway_IsNotExecuted()
    {
        var buckets = Buckets(TimeSpan.Zero);
        owner.FailAlways(new SiloUnavailableException());
        await ExecuteAsync(buckets, Write);

        Assert.Equal([Unavailable.StoreFailed], await ExecuteAsync(buckets, Write));
        Assert.Equal(["run", "ping"], owner.Calls);
    }

    /// <summary>A ping may wait for a silo that is gone, while the owner is elsewhere by now.</summary>
    [Fact]
    public async Task Write_AfterAFailedCall_WaitsForNoPing_WhereALaterOneIsAnswered()
    {
        var time = new FakeTime();
        time.Advance(TimeSpan.FromSeconds(1));
        var buckets = Buckets(time: time);
        owner.Fail(new SiloUnavailableException());
        await ExecuteAsync(buckets, Write);
        owner.HangOnce();
        owner.Answer();
        owner.Answer();

        var timers = time.Timers.Count;
        var write = ExecuteAsync(buckets, Write);
        // The ping's own, and that of the next.
        await time.Timers.ReachesAsync(timers + 2);
        time.Advance(TimeSpan.FromMilliseconds(500));

        Assert.IsType<Missing>(Assert.Single(await write));
        Assert.Equal(["run", "ping", "ping", "run"], owner.Calls);
    }

    /// <summary>A living silo may have passed the call on to the one that has died, and then nobody answers.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Call_UnderWayWhenASiloDied_IsLostSomeSecondsLater(bool writes)
    {
        var time = new FakeTime();
        time.Advance(TimeSpan.FromSeconds(1));
        var deaths = new SiloDeaths(time);
        owner.HangOnce();
        owner.Answer();

        var call = ExecuteAsync(Buckets(deaths: deaths), writes ? Write : Read);
        deaths.Tell();
        time.Advance(TimeSpan.FromSeconds(14.9));
        Assert.False(call.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(writes, Assert.Single(await call) is Unavailable { } outcome && outcome == Unavailable.FateUnknown);
        Assert.Equal(writes ? ["run"] : ["run", "run"], owner.Calls);
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
        Assert.Equal(["run", "ping", "run"], owner.Calls);
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
            return true;
        });

        Assert.IsType<Missing>(Assert.Single((await Buckets().Get(Bucket).ExecuteAsync(Write, gone.Token)).Outcomes));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Buckets().Get(Bucket).ExecuteAsync(Write, gone.Token).AsTask());
        Assert.Equal(["run"], owner.Calls);
    }

    /// <summary>It is a call of its own, which no request of a client becomes.</summary>
    [Fact]
    public async Task Write_OfTheServerItself_GoesAsSuch()
    {
        owner.Answer();

        await ExecuteAsync(Buckets(), new BucketRequest(Caller.System, [new DeleteRecord(ObjectRef.Bucket)]));

        Assert.Equal(["administer"], owner.Calls);
    }

    [Fact]
    public async Task Write_ToASiloThatCannotReadIt_GoesInTheFormerForm_AndSoDoAllForAWhile()
    {
        var time = new FakeTime();
        time.Advance(TimeSpan.FromSeconds(1));
        var buckets = Buckets(time: time);
        owner.Fail(Unreadable(), left: true);
        owner.Answer();
        owner.Answer();
        owner.Answer();

        Assert.IsType<Missing>(Assert.Single(await ExecuteAsync(buckets, Write)));
        Assert.IsType<Missing>(Assert.Single(await ExecuteAsync(buckets, Read)));
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.IsType<Missing>(Assert.Single(await ExecuteAsync(buckets, Write)));
        Assert.Equal(["run", "execute", "execute", "run"], owner.Calls);
    }

    public static TheoryData<BucketRequest> OfSharing =>
    [
        new(new Caller(default, BucketAccess.ByAcl), [new ReadRecord(ObjectRef.Record("tasks", "a"))]),
        new(new Caller(default, BucketAccess.ByAcl), [new PutRecord(ObjectRef.Bucket, "{}"u8.ToArray())]),
        new(new Caller(new("account:alice"), BucketAccess.ByAcl), [new PutRecord(ObjectRef.Bucket, "{}"u8.ToArray()) { Access = new AccessChange([]) }]),
        new(new Caller(new("account:alice"), BucketAccess.ByAcl), [new ReadRecord(ObjectRef.Bucket), new CreateRecord(ObjectRef.Record("c", "a"), "{}"u8.ToArray()) { Access = new AccessChange([]) }]),
        new(new Caller(new("account:alice"), BucketAccess.ByAcl), [new PatchRecord(ObjectRef.Collection("c"), PatchKind.Shallow, "{}"u8.ToArray()) { Access = new AccessChange([]) }]),
        new(new Caller(new("account:alice"), BucketAccess.Own), [new PutRecord(ObjectRef.Group("g"), "{}"u8.ToArray())]),
        new(new Caller(new("account:alice"), BucketAccess.ByAcl), [new ListRecords(ListRef.Groups, new ListQuery { Limit = 1 })]),
        new(new Caller(new("account:alice"), BucketAccess.ByAcl), [new DeleteRecord(ObjectRef.Group("g"))]),
    ];

    /// <summary>A silo from before sharing would take them for something else; one of 0.1.0 would take nobody for the server itself.</summary>
    [Theory]
    [MemberData(nameof(OfSharing), DisableDiscoveryEnumeration = true)]
    public async Task Request_OfSharing_ToASiloThatCannotReadIt_GoesInNoOtherForm(BucketRequest request)
    {
        var buckets = Buckets();
        owner.Fail(Unreadable(), left: true);
        owner.Answer();

        Assert.All(await ExecuteAsync(buckets, request), static outcome => Assert.IsType<Unavailable>(outcome));
        Assert.IsType<Missing>((await ExecuteAsync(buckets, request))[0]);
        Assert.Equal(["share", "share"], owner.Calls);
    }

    public static TheoryData<BucketRequest> Filtered
    {
        get
        {
            var query = new ListQuery { Limit = 1, Fields = [new FieldFilter("a", FieldTest.Equal, "1")] };
            return
            [
                new(Alice, [new ListRecords(ListRef.RecordsOf("tasks"), query)]), new(Alice, [new CountRecords(ListRef.Groups, query)]), new(Alice, [new DeleteRecords(ListRef.RecordsOf("tasks"), query)]),
                new(new Caller(default, BucketAccess.ByAcl), [new ReadRecord(ObjectRef.Bucket), new ListRecords(ListRef.Collections, query)]),
            ];
        }
    }

    /// <summary>A silo from before filters on fields would leave them out, and show or delete all.</summary>
    [Theory]
    [MemberData(nameof(Filtered), DisableDiscoveryEnumeration = true)]
    public async Task Request_WithFiltersOnFields_ToASiloThatCannotReadIt_GoesInNoOtherForm(BucketRequest request)
    {
        var buckets = Buckets();
        owner.Fail(Unreadable(), left: true);
        owner.Answer();

        Assert.All(await ExecuteAsync(buckets, request), static outcome => Assert.IsType<Unavailable>(outcome));
        Assert.IsType<Missing>((await ExecuteAsync(buckets, request))[0]);
        Assert.Equal(["filter", "filter"], owner.Calls);
    }

    /// <summary>A silo from before history would say that there is none.</summary>
    [Fact]
    public async Task Request_AboutHistory_ToASiloThatCannotReadIt_GoesInNoOtherForm()
    {
        var buckets = Buckets();
        var filter = new FieldFilter("action", FieldTest.Equal, "\"delete\"");
        foreach (var operation in (Operation[])[
            new ListRecords(ListRef.History, new ListQuery { Limit = 1, Fields = [filter] }), new DeleteRecords(ListRef.History, new ListQuery { Limit = 1 }),
            new ReadAsOf(ListRef.RecordsOf("tasks"), new(5)) { Limit = 1 }])
        {
            owner.Fail(Unreadable(), left: true);
            Assert.IsType<Unavailable>(Assert.Single(await ExecuteAsync(buckets, new BucketRequest(Alice, [operation]))));
        }

        Assert.Equal(["recall", "recall", "recall"], owner.Calls);
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
        Assert.Equal(["run"], owner.Calls);
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

    /// <summary>The wait for the cluster, for an answering owner and between attempts is one.</summary>
    [Fact]
    public async Task Write_WaitsForAllTogether_NoLongerThanTheSetting()
    {
        var time = new FakeTime();
        time.Advance(TimeSpan.FromSeconds(1));
        var joined = new TaskCompletionSource();
        var buckets = Buckets(TimeSpan.FromSeconds(10), time, joined.Task);
        owner.FailAlways(Rejection("Silo stopping "));
        var write = ExecuteAsync(buckets, Write);
        time.Advance(TimeSpan.FromSeconds(9));
        var timers = time.Timers.Count;
        joined.SetResult();

        // Once the call, then pings with a pause before each.
        await time.Timers.ReachesAsync(timers + 1);
        for (var i = 1; i <= 10 && !write.IsCompleted; i++)
        {
            Assert.True(i < 10, "It waits on.");
            var paused = time.Timers.Count;
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.WhenAny(write, time.Timers.ReachesAsync(paused + 1));
        }

        Assert.Equal([Unavailable.StoreFailed], await write);
    }

    [Fact]
    public async Task CallsThatDoNotComeBack_AreCounted_AlsoWhereAnotherTryDid()
    {
        owner.Fail(new SiloUnavailableException());
        owner.Answer();
        await ExecuteAsync(Buckets(), Read);
        var buckets = Buckets();
        owner.Fail(new SiloUnavailableException());
        await ExecuteAsync(buckets, Write);
        owner.Fail(new SiloUnavailableException());
        owner.Answer();
        owner.Answer();
        await ExecuteAsync(buckets, Write);

        Assert.All(["read", "write", "ping"], call => Assert.Equal(1, lost.Meter.Observe<long>("lockstep.calls.lost", call)));
    }

    private static Exception Rejection(string reason) => (Exception)Activator.CreateInstance(
        typeof(OrleansMessageRejectionException), BindingFlags.NonPublic | BindingFlags.Instance, binder: null, [reason], culture: null)!;

    /// <summary>What a silo of 0.1.0 answers to a call that it has not got.</summary>
    private static Exception Unreadable() => new TypeLoadException(
        """Unable to resolve type alias "("inv",[Orleans.Runtime.GrainReference],[Lockstep.Grains.IBucketGrain],"run")".""");

    private GrainBuckets Buckets(TimeSpan? wait = null, TimeProvider? time = null, Task? joined = null, SiloDeaths? deaths = null) =>
        new(_ => FakeGrains.Of(owner), null, joined ?? Task.CompletedTask, wait ?? TimeSpan.FromSeconds(30), deaths ?? new SiloDeaths(TimeProvider.System), lost, time ?? TimeProvider.System, NullLogger<GrainBuckets>.Instance);

    private static async Task<IReadOnlyList<Outcome>> ExecuteAsync(GrainBuckets buckets, BucketRequest request) =>
        (await buckets.Get(Bucket).ExecuteAsync(request, CancellationToken.None)).Outcomes;

    /// <summary>Answers each call as it was told to, in order.</summary>
    private sealed class FakeOwner : IBucketGrain
    {
        private readonly Queue<Func<BucketResponse>> answers = new();
        private Exception? always;
        private bool hangs;
        private Action? send;

        public List<string> Calls { get; } = [];

        /// <param name="failure">What the call ends with.</param>
        /// <param name="left">Whether the request was written to a connection before.</param>
        public void Fail(Exception failure, bool left = false) => answers.Enqueue(() =>
        {
            if (left)
            {
                send!();
            }

            throw failure;
        });

        public void FailAlways(Exception failure) => always = failure;

        /// <summary>The next call is not answered.</summary>
        public void HangOnce() => hangs = true;

        public void Answer(Func<bool>? condition = null) => answers.Enqueue(() =>
        {
            Assert.True(condition?.Invoke() ?? true);
            return new BucketResponse([new Missing(ObjectRef.Record("tasks", "a"))]);
        });

        public async Task<ResponseWire> ExecuteAsync(RequestWire request, CancellationToken cancellationToken)
        {
            send = () => Assert.NotEmpty(request.Operations);
            return ResponseWire.From(await NextAsync("execute"));
        }

        public Task<BucketResponseSurrogate> RunAsync(BucketRequestSurrogate request) => RunAsync(request, "run");

        public Task<BucketResponseSurrogate> ReadAsync(BucketRequestSurrogate request, CancellationToken cancellationToken) => RunAsync(request, "read");

        public Task<BucketResponseSurrogate> ShareAsync(BucketRequestSurrogate request) => RunAsync(request, "share");

        public Task<BucketResponseSurrogate> FilterAsync(BucketRequestSurrogate request, CancellationToken cancellationToken) => RunAsync(request, "filter");

        public Task<BucketResponseSurrogate> RecallAsync(BucketRequestSurrogate request, CancellationToken cancellationToken) => RunAsync(request, "recall");

        public Task<BucketResponseSurrogate> AdministerAsync(BucketRequestSurrogate request) => RunAsync(request, "administer");

        private async Task<BucketResponseSurrogate> RunAsync(BucketRequestSurrogate request, string call)
        {
            send = () => Assert.NotEmpty(request.Operations);
            return BucketResponseSurrogate.From(await NextAsync(call), request.ToRequest());
        }

        public Task PingAsync() => NextAsync("ping");

        /// <summary>At once: a ping that a busy machine brings back late is one that failed.</summary>
        private async Task<BucketResponse> NextAsync(string call)
        {
            Calls.Add(call);
            var comes = hangs ? new TaskCompletionSource().Task : Task.CompletedTask;
            hangs = false;
            await comes;
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
