using System.Diagnostics.Metrics;
using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Metering;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Lockstep.Core.Tests;

/// <summary>What owners measure, and that servers in one process do not count each other's work.</summary>
public sealed class OwnerMetricsTests
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private readonly BucketId id = BucketId.DefaultBucket("alice");
    private readonly FakeTime time = new();
    private readonly OneStatusStore store = new(new InMemoryBucketStore());

    [Fact]
    public async Task Commits_AreCountedByWhatBecameOfThem_WithTheTimeTheyTook()
    {
        using var buckets = Buckets();
        var meter = buckets.Metrics.Meter;
        using var commits = new MetricCollector<double>(meter, "lockstep.commit.duration");
        using var turns = new MetricCollector<double>(meter, "lockstep.turn.duration");
        store.Takes = () => time.Advance(TimeSpan.FromSeconds(2));
        await WriteAsync(buckets);
        await WriteAsync(buckets);
        foreach (var status in new[] { CommitStatus.Stale, CommitStatus.NotExecuted, CommitStatus.Refused, CommitStatus.Unknown })
        {
            store.Next = status;
            await WriteAsync(buckets);
        }

        // What was stale is committed again.
        Assert.Equal([2, 2, 2], commits.Values("done"));
        foreach (var status in new[] { "stale", "not_executed", "refused", "unknown" })
        {
            Assert.Single(commits.Values(status));
        }

        Assert.Equal(6, turns.Values().Count);
        Assert.Equal(14, turns.Values().Sum());
        Assert.Equal(2, meter.Observe<long>("lockstep.refusals", "store_failed"));
        Assert.Equal(1, meter.Observe<long>("lockstep.refusals", "fate_unknown"));
        Assert.All(commits.GetMeasurementSnapshot(), static measurement => Assert.Equal([LockstepMeter.StatusTag], measurement.Tags.Keys));
    }

    [Fact]
    public async Task Queue_ShowsWhatWaits_AndRefusalsWhatFoundNoRoom()
    {
        using var buckets = Buckets(new BucketOptions { MaxQueuedOperations = 1 });
        var meter = buckets.Metrics.Meter;
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Before = () =>
        {
            entered.TrySetResult();
            return open.Task;
        };
        var (running, size) = (WriteAsync(buckets).AsTask(), Request().Size);
        await entered.Task;
        var waiting = WriteAsync(buckets).AsTask();

        Assert.IsType<Unavailable>(await WriteAsync(buckets));

        Assert.Equal(2, meter.Observe<long>("lockstep.queue.operations"));
        Assert.Equal(2 * size, meter.Observe<long>("lockstep.queue.size"));
        Assert.Equal(1, meter.Observe<int>("lockstep.owner.count"));
        Assert.Equal(1, meter.Observe<long>("lockstep.refusals", "overloaded"));
        open.SetResult();
        await Task.WhenAll(running, waiting);
        Assert.Equal(0, meter.Observe<long>("lockstep.queue.operations"));
        Assert.Equal(0, meter.Observe<long>("lockstep.queue.size"));

        // The turn ends a moment after its answers, and the owner is idle from then on.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (meter.Observe<int>("lockstep.owner.count") > 0)
        {
            patience.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromHours(1));
            buckets.EvictIdle();
            await Task.Yield();
        }
    }

    [Fact]
    public async Task Queue_AfterCancelledAndEmptyAndTooManyRequests_IsEmptyAgain()
    {
        var deletion = new BucketRequest(Alice, [new DeleteRecord(ObjectRef.Record("tasks", "none"))]);
        using var buckets = Buckets(new BucketOptions { MaxQueuedBytesInProcess = Request().Size + deletion.Size });
        var meter = buckets.Metrics.Meter;
        using var cancelled = new CancellationTokenSource();
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Before = () =>
        {
            entered.TrySetResult();
            return open.Task;
        };
        var running = WriteAsync(buckets).AsTask();
        await entered.Task;
        var gone = buckets.Get(id).ExecuteAsync(deletion, cancelled.Token).AsTask();
        Assert.IsType<Unavailable>(await WriteAsync(buckets));
        Assert.Equal(2, meter.Observe<long>("lockstep.queue.operations"));
        await cancelled.CancelAsync();
        open.SetResult();
        await running;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        await WriteAsync(buckets);

        Assert.Equal(0, meter.Observe<long>("lockstep.queue.operations"));
        Assert.Equal(0, meter.Observe<long>("lockstep.queue.size"));
    }

    [Fact]
    public async Task Refusals_ForAClockAhead_AndOfReads_AreCountedOnceARequest()
    {
        using var buckets = Buckets(new BucketOptions { ClockLeadRefusal = TimeSpan.FromMinutes(1) });
        var meter = buckets.Metrics.Meter;
        await WriteAsync(buckets);
        time.JumpWallClock(TimeSpan.FromHours(-1));

        await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [Put(), Put()]), CancellationToken.None);
        store.Fails = true;
        await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [new ReadRecord(ObjectRef.Record("tasks", "a"))]), CancellationToken.None);

        Assert.Equal(1, meter.Observe<long>("lockstep.refusals", "clock_ahead"));
        Assert.Equal(1, meter.Observe<long>("lockstep.refusals", "store_failed"));
    }

    [Fact]
    public async Task Takeovers_AreCounted()
    {
        var shared = new SharedStore(new InMemoryBucketStore());
        using var buckets = new InProcessBuckets(shared, new BucketOptions(), time);
        var meter = buckets.Metrics.Meter;
        await WriteAsync(buckets);

        shared.TakeOver(id);
        shared.TakeOver(BucketId.DefaultBucket("bob"));

        Assert.Equal(2, meter.Observe<long>("lockstep.takeovers"));
    }

    [Fact]
    public async Task Servers_InOneProcess_DoNotCountEachOther_AndLeaveNothingBehind()
    {
        using var here = Buckets();
        var there = Buckets();
        using var turns = new MetricCollector<double>(here.Metrics.Meter, "lockstep.turn.duration");
        using var others = new MetricCollector<double>(there.Metrics.Meter, "lockstep.turn.duration");

        await WriteAsync(there);

        Assert.Empty(turns.Values());
        Assert.Single(others.Values());
        there.Dispose();
        Assert.Null(there.Metrics.Meter.Observe<int>("lockstep.owner.count"));
        Assert.IsType<RecordWritten>(await WriteAsync(there));
        Assert.Single(others.Values());
    }

    [Fact]
    public void Owners_WhoseMetricsNobodyDisposedOf_AreCollected()
    {
        var gone = Abandon();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.False(gone.IsAlive);

        // In a frame of its own, else its local would hold on to it.
        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        WeakReference Abandon() => new(new InProcessBuckets(new InMemoryBucketStore(), new BucketOptions(), time));
    }

    [Fact]
    public async Task Turn_ThatIsMeasured_AllocatesNoMoreThanOneThatIsNot()
    {
        using var buckets = Buckets();
        for (var i = 0; i < 200; i++)
        {
            await WriteAsync(buckets);
        }

        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter, buckets.Metrics.Meter))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        var heard = 0;
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => heard++);
        listener.Start();
        var metrics = buckets.Metrics;
        var response = BucketResponse.Uniform(Request(), Unavailable.Overloaded);
        Measure();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Measure();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(2002, heard);

        void Measure()
        {
            var begun = metrics.Now();
            metrics.Committed(CommitStatus.Done, begun);
            metrics.TurnEnded(begun);
            metrics.Answered(response);
            metrics.TakenOver();
        }
    }

    private InProcessBuckets Buckets(BucketOptions? options = null) => new(store, options ?? new BucketOptions(), time);

    private static PutRecord Put() => new(ObjectRef.Record("tasks", "a"), Encoding.UTF8.GetBytes("""{"text":"milk"}"""));

    private static BucketRequest Request() => new(Alice, [Put()]);

    private async ValueTask<Outcome> WriteAsync(InProcessBuckets buckets) => (await buckets.Get(id).ExecuteAsync(Request(), CancellationToken.None)).Outcomes[0];

    /// <summary>A store whose next commit ends as the test says.</summary>
    private sealed class OneStatusStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public CommitStatus? Next { get; set; }

        public Action Takes { get; set; } = () => { };

        public Func<Task> Before { get; set; } = () => Task.CompletedTask;

        public bool Fails { get; set; }

        public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            await Before();
            Takes();
            var told = Next;
            Next = null;
            return told is { } status ? new CommitOutcome(status) : await base.CommitAsync(commit);
        }

        public override ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
            Fails ? throw new StoreUnavailableException("No.") : base.ReadAsync(bucket, keys, projection, cancellationToken);
    }
}
