using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

public sealed class BucketOwnerTests
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private readonly FakeTime time = new();
    private readonly FaultyBucketStore store = new(new InMemoryBucketStore());
    private readonly BucketId id = BucketId.DefaultBucket("alice");

    [Theory]
    [InlineData(CommitFault.Before)]
    [InlineData(CommitFault.LostBefore)]
    [InlineData(CommitFault.LostAfter)]
    public async Task Commit_ThatFails_IsToldTruly(CommitFault fault)
    {
        var buckets = Buckets();
        await WriteAsync(buckets, "before");
        store.Next = fault;

        var told = await WriteAsync(buckets, "probe");

        var stored = (await ListAsync(Buckets())).Records.Any(record => record.Id == "probe");
        Assert.Equal(fault == CommitFault.LostAfter, stored);
        Assert.Equal(fault == CommitFault.Before ? Unavailable.StoreFailed : Unavailable.FateUnknown, told);

        // Life goes on, with the truth.
        var next = Assert.IsType<RecordWritten>(await WriteAsync(buckets, "after"));
        var page = await ListAsync(buckets);
        Assert.Equal(stored ? 3 : 2, page.Records.Count);
        Assert.Equal(next.Record.Modified, page.ListStamp);
        Assert.Equal(page.Records.Select(record => record.Modified).Distinct().Count(), page.Records.Count);
    }

    [Theory]
    [InlineData(-60)]
    [InlineData(365 * 24 * 60)]
    public async Task Stamps_WallClockJumps_StillRise(int minutes)
    {
        var stamps = new List<ServerTimestamp> { await StampAsync() };
        time.JumpWallClock(TimeSpan.FromMinutes(minutes));
        stamps.Add(await StampAsync());
        time.JumpWallClock(TimeSpan.FromMinutes(-minutes));
        stamps.Add(await StampAsync());
        stamps.Add(await StampAsync());

        Assert.Equal(stamps.Order(), stamps);
        Assert.Equal(stamps.Distinct(), stamps);

        // A new process each time: nothing is remembered but what is stored.
        async Task<ServerTimestamp> StampAsync() => ((RecordWritten)await WriteAsync(Buckets(), "a")).Record.Modified;
    }

    [Fact]
    public async Task Stamps_CollectionAndBucketDeletedAndMadeAgain_StillRise()
    {
        var last = ((RecordWritten)await WriteAsync(Buckets(), "a")).Record.Modified;
        time.JumpWallClock(TimeSpan.FromHours(-1));
        foreach (var target in new[] { ObjectRef.Collection("tasks"), ObjectRef.Bucket })
        {
            var gone = Assert.IsType<RecordDeleted>(await ExecuteAsync(Buckets(), new DeleteRecord(target)));
            Assert.True(gone.Tombstone.Modified > last);
            var empty = await ListAsync(Buckets());
            Assert.Empty(empty.Records);
            Assert.Equal(gone.Tombstone.Modified, empty.ListStamp);
            last = ((RecordWritten)await WriteAsync(Buckets(), "a")).Record.Modified;
            Assert.True(last > gone.Tombstone.Modified);
            Assert.Single((await ListAsync(Buckets())).Records);
        }
    }

    [Fact]
    public async Task Queue_OfOneBucketFull_RefusesAtOnceAndRecovers()
    {
        var gate = new GatedStore(new InMemoryBucketStore());
        var buckets = new InProcessBuckets(gate, new BucketOptions { MaxQueuedOperations = 3, MaxTurnOperations = 1 }, time);
        var running = WriteAsync(buckets, "running").AsTask();
        await gate.Entered;

        var waiting = Enumerable.Range(0, 3).Select(i => WriteAsync(buckets, $"w{i}").AsTask()).ToArray();
        var refused = await WriteAsync(buckets, "refused");
        var other = await ExecuteAsync(buckets, new ListRecords(Tasks, new ListQuery { Limit = 1 }), BucketId.DefaultBucket("bob"));
        gate.Open();

        Assert.Equal(Unavailable.Overloaded, refused);
        Assert.IsType<PageFound>(other);
        Assert.All(await Task.WhenAll([running, .. waiting]), outcome => Assert.IsType<RecordWritten>(outcome));
        Assert.IsType<RecordWritten>(await WriteAsync(buckets, "again"));
    }

    [Fact]
    public async Task Queue_BytesOfTheProcessFull_RefusesOtherBucketsToo()
    {
        var gate = new GatedStore(new InMemoryBucketStore());
        var buckets = new InProcessBuckets(gate, new BucketOptions { MaxQueuedBytesInProcess = 2_000 }, time);
        var first = WriteAsync(buckets, "a", new string('x', 1_500)).AsTask();
        await gate.Entered;

        var refused = await ExecuteAsync(buckets, Put("b", new string('x', 1_500)), BucketId.DefaultBucket("bob"));
        gate.Open();

        Assert.Equal(Unavailable.Overloaded, refused);
        Assert.IsType<RecordWritten>(await first);
        Assert.IsType<RecordWritten>(await ExecuteAsync(buckets, Put("b", new string('x', 1_500)), BucketId.DefaultBucket("bob")));
    }

    [Fact]
    public async Task Request_CancelledWhileItWaits_IsNotExecuted()
    {
        var gate = new GatedStore(new InMemoryBucketStore());
        var buckets = new InProcessBuckets(gate, new BucketOptions { MaxTurnOperations = 1 }, time);
        var running = WriteAsync(buckets, "running").AsTask();
        await gate.Entered;
        using var cancelled = new CancellationTokenSource();
        var waiting = buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [Put("cancelled", "")]), cancelled.Token).AsTask();

        await cancelled.CancelAsync();
        gate.Open();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await running;
        Assert.Equal(["running"], (await ListAsync(buckets)).Records.Select(record => record.Id));
    }

    [Fact]
    public async Task Owners_IdleForLongEnough_LeaveAndComeBackWithTheSameState()
    {
        var buckets = Buckets();
        var before = ((RecordWritten)await WriteAsync(buckets, "a")).Record.Modified;
        Assert.Equal(0, buckets.EvictIdle());
        time.Advance(TimeSpan.FromMinutes(6));

        Assert.Equal(1, buckets.EvictIdle());
        Assert.Equal(0, buckets.Count);
        Assert.Equal(before, (await ListAsync(buckets)).ListStamp);
    }

    [Fact]
    public async Task Owners_EvictedWhileTheyAreUsed_LoseNothing()
    {
        var buckets = new InProcessBuckets(store, new BucketOptions { IdleTimeout = TimeSpan.FromTicks(1) }, TimeProvider.System);
        using var done = new CancellationTokenSource();
        var evicted = 0;
        var evicting = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                Interlocked.Add(ref evicted, buckets.EvictIdle());
            }
        });

        // On, until some owners have really been taken away in between.
        for (var i = 0; i < 500 || Volatile.Read(ref evicted) == 0; i++)
        {
            Assert.True(i < 100_000, "No owner was ever evicted.");
            Assert.IsType<RecordWritten>(await WriteAsync(buckets, $"r{i % 500}"));
            Assert.Equal(Math.Min(i + 1, 500), (await ListAsync(buckets)).Records.Count);
        }

        await done.CancelAsync();
        await evicting;
    }

    [Fact]
    public async Task Clock_FarAheadOfTheWallClock_AsksForBackoffAndRefusesIfSet()
    {
        var buckets = new InProcessBuckets(
            store, new BucketOptions { ClockLeadBackoff = TimeSpan.FromMinutes(1), ClockLeadRefusal = TimeSpan.FromMinutes(10) }, time);
        Assert.False((await RequestAsync(buckets, Put("a", ""))).ClockLeads);

        time.JumpWallClock(TimeSpan.FromMinutes(-2));
        var slow = await RequestAsync(buckets, Put("a", ""));
        time.JumpWallClock(TimeSpan.FromMinutes(-10));
        var refused = await RequestAsync(buckets, Put("a", ""));

        Assert.True(slow.ClockLeads);
        Assert.IsType<RecordWritten>(slow.Outcomes[0]);
        Assert.Equal(Unavailable.ClockAhead, refused.Outcomes[0]);
    }

    [Theory]
    [InlineData(+500, true)]
    [InlineData(+1_000, true)]
    [InlineData(+1_001, false)]
    [InlineData(-5, false)]
    public async Task Hint_IsTakenOnlyBetweenClockAndOneSecondAhead(int offset, bool taken)
    {
        var buckets = Buckets();
        await WriteAsync(buckets, "first");
        var hint = new ServerTimestamp(time.GetUtcNow().ToUnixTimeMilliseconds() + offset);

        var written = Assert.IsType<RecordWritten>(
            await ExecuteAsync(buckets, new PutRecord(ObjectRef.Record("tasks", "a"), "{}"u8.ToArray(), hint)));

        Assert.Equal(taken, written.Record.Modified == hint);
        Assert.True(((RecordWritten)await WriteAsync(buckets, "b")).Record.Modified > written.Record.Modified);
    }

    [Fact]
    public async Task OtherPrincipals_GetForbiddenForEverything_AndNothingShows()
    {
        var buckets = Buckets();
        await WriteAsync(buckets, "a");
        var mallory = new Caller(new("account:mallory"), BucketAccess.ByAcl);
        Operation[] operations =
        [
            new ReadRecord(ObjectRef.Bucket), new ReadRecord(ObjectRef.Record("tasks", "a")), new ListRecords(Tasks, new ListQuery { Limit = 1 }),
            new CountRecords(Tasks, new ListQuery { Limit = 1 }), Put("a", ""), new CreateRecord(ObjectRef.Record("tasks", "a"), "{}"u8.ToArray()),
            new DeleteRecord(ObjectRef.Record("tasks", "a")), new DeleteRecords(Tasks, new ListQuery { Limit = 1 }),
            new DeleteRecord(ObjectRef.Bucket), new PutRecord(ObjectRef.Bucket, "{}"u8.ToArray()),
            new PutRecord(ObjectRef.Record("tasks", "a"), "{}"u8.ToArray()) { Precondition = new Precondition(PreconditionScope.Record, PreconditionTest.MustNotExist) },
        ];

        var response = await buckets.Get(id).ExecuteAsync(new BucketRequest(mallory, operations), default);

        Assert.All(response.Outcomes, outcome => Assert.Equal(Forbidden.Instance, outcome));
        Assert.Single((await ListAsync(buckets)).Records);
    }

    [Fact]
    public async Task Pages_WrittenWhileTheyAreRead_MissNothingAfterThem()
    {
        var buckets = Buckets();
        for (var i = 0; i < 10; i++)
        {
            await WriteAsync(buckets, $"r{i}");
        }

        var query = new ListQuery { Limit = 3 };
        var first = await ListAsync(buckets, query);
        var changed = ((RecordWritten)await WriteAsync(buckets, "r0")).Record.Modified;
        await WriteAsync(buckets, "new");
        var pages = new List<PageFound> { first };
        while (pages[^1].Next is { } next)
        {
            pages.Add(await ListAsync(buckets, query with { Cursor = next }));
        }

        Assert.All(pages, page => Assert.Equal(first.ListStamp, page.ListStamp));
        Assert.DoesNotContain(pages.SelectMany(page => page.Records), record => record.Modified >= changed);
        var later = await ListAsync(buckets, new ListQuery { Limit = 100, Since = first.ListStamp });
        Assert.Equal(["new", "r0"], later.Records.Select(record => record.Id));
        Assert.Equal(11, pages.SelectMany(page => page.Records).Concat(later.Records).Select(record => record.Id).Distinct().Count());
    }

    [Fact]
    public async Task Collections_MoreThanTheLimit_AreRefusedAndNothingIsHalfWritten()
    {
        var buckets = new InProcessBuckets(store, new BucketOptions { MaxCollections = 2 }, time);
        await ExecuteAsync(buckets, new PutRecord(ObjectRef.Record("c1", "a"), "{}"u8.ToArray()));
        await ExecuteAsync(buckets, new PutRecord(ObjectRef.Record("c2", "a"), "{}"u8.ToArray()));

        var refused = await ExecuteAsync(buckets, new PutRecord(ObjectRef.Record("c3", "a"), "{}"u8.ToArray()));
        var known = await ExecuteAsync(buckets, new PutRecord(ObjectRef.Record("c2", "b"), "{}"u8.ToArray()));

        Assert.IsType<TooLarge>(refused);
        Assert.IsType<RecordWritten>(known);
        var count = Assert.IsType<CountFound>(await ExecuteAsync(buckets, new CountRecords(ListRef.Collections, new ListQuery { Limit = 1 })));
        Assert.Equal(2, count.Count);
    }

    [Fact]
    public async Task Heads_ReadBeforeACommit_NeverReplaceNewerOnes()
    {
        var stalling = new StallingStore(store);
        var buckets = new InProcessBuckets(stalling, new BucketOptions(), time);
        await WriteAsync(buckets, "a");
        var etag = (await ListAsync(buckets)).ListStamp;

        // Another process's heads: a fresh one loads, and is held up while this one writes on and then loses its heads.
        var fresh = new InProcessBuckets(stalling, new BucketOptions(), time);
        stalling.StallNext();
        var reading = ListAsync(fresh).AsTask();
        await stalling.Stalled;
        Assert.IsType<RecordWritten>(await WriteAsync(fresh, "b"));
        store.Next = CommitFault.LostBefore;
        Assert.Equal(Unavailable.FateUnknown, await WriteAsync(fresh, "c"));
        stalling.Go();
        await reading;

        Assert.Equal(["b"], (await ListAsync(fresh, new ListQuery { Limit = 10, Since = etag })).Records.Select(record => record.Id));
    }

    /// <summary>As above, where the late reader's answer is in the old heads, so that nothing shows it what it missed.</summary>
    [Theory]
    [InlineData(CommitFault.LostBefore)]
    [InlineData(CommitFault.LostAfter)]
    public async Task Heads_ReadBeforeAnAcknowledgedCommit_AreNotRememberedAfterALostOne(CommitFault fault)
    {
        var stalling = new StallingStore(store);
        var first = new InProcessBuckets(stalling, new BucketOptions(), time);
        await WriteAsync(first, "a");
        var poll = new ListQuery { Limit = 10, Since = (await ListAsync(first)).ListStamp };
        var fresh = new InProcessBuckets(stalling, new BucketOptions(), time);
        stalling.StallNext();
        var late = ListAsync(fresh, poll).AsTask();
        await stalling.Stalled;
        Assert.IsType<RecordWritten>(await WriteAsync(fresh, "b"));
        store.Next = fault;
        Assert.Equal(Unavailable.FateUnknown, await WriteAsync(fresh, "c"));
        stalling.Go();

        string[] expected = fault == CommitFault.LostAfter ? ["c", "b"] : ["b"];
        Assert.Equal(expected, (await late).Records.Select(record => record.Id));
        Assert.Equal(expected, (await ListAsync(fresh, poll)).Records.Select(record => record.Id));
    }

    /// <summary>What one reader was shown is not taken back from the next.</summary>
    [Fact]
    public async Task Heads_OlderThanThoseThatWereRead_AreNotRememberedOnceTheseAreForgotten()
    {
        var stalling = new StallingStore(store);
        var first = new InProcessBuckets(store, new BucketOptions(), time);
        var fresh = new InProcessBuckets(stalling, new BucketOptions(), time);
        await WriteAsync(first, "a");
        var poll = new ListQuery { Limit = 10, Since = (await ListAsync(first)).ListStamp };
        stalling.StallNext();
        var late = ListAsync(fresh, poll).AsTask();
        await stalling.Stalled;
        await WriteAsync(first, "b");
        Assert.Equal(["b"], (await ListAsync(fresh, poll)).Records.Select(record => record.Id));
        store.Next = CommitFault.LostBefore;
        Assert.Equal(Unavailable.FateUnknown, await WriteAsync(fresh, "c"));
        stalling.Go();
        await late;

        Assert.Equal(["b"], (await ListAsync(fresh, poll)).Records.Select(record => record.Id));
    }

    [Fact]
    public async Task Read_OfARecordNewerThanTheHeads_WaitsForThem()
    {
        var first = Buckets();
        var second = Buckets();
        await WriteAsync(first, "a");
        await ListAsync(second);
        var written = Assert.IsType<RecordWritten>(await WriteAsync(first, "a"));

        var read = Assert.IsType<RecordFound>(await ExecuteAsync(second, new ReadRecord(ObjectRef.Record("tasks", "a"))));

        Assert.Equal(written.Record.Modified, read.Record.Modified);
        Assert.Equal(written.Record.Modified, (await ListAsync(second, new ListQuery { Limit = 1, Since = new ServerTimestamp(1) })).ListStamp);
    }

    [Fact]
    public async Task Collections_MadeAndDeletedForEver_AreNotRememberedForEver()
    {
        var buckets = new InProcessBuckets(store, new BucketOptions { MaxCollections = 3 }, time);
        var refused = 0;
        for (var i = 0; i < 20; i++)
        {
            var made = await ExecuteAsync(buckets, new PutRecord(ObjectRef.Collection($"c{i}"), "{}"u8.ToArray()));
            refused += made is TooLarge ? 1 : 0;
            await ExecuteAsync(buckets, new DeleteRecord(ObjectRef.Collection($"c{i}")));
        }

        Assert.InRange(refused, 10, 19);
        Assert.True((await store.LoadAsync(id, claim: false, default))!.Lists.Count <= 2 * 3);
    }

    [Fact]
    public async Task Close_WithWritesQueued_EndsThemFirst_AndTheNextRequestIsServed()
    {
        var gated = new GatedStore(store);
        var buckets = new InProcessBuckets(gated, new BucketOptions(), time);
        var writing = WriteAsync(buckets, "a").AsTask();
        await gated.Entered;
        var queued = WriteAsync(buckets, "b").AsTask();
        var closing = buckets.CloseAsync(id, CancellationToken.None);
        Assert.False(closing.IsCompleted);
        gated.Open();

        await closing;

        Assert.IsType<RecordWritten>(await writing);
        Assert.IsType<RecordWritten>(await queued);
        Assert.Equal(0, buckets.Count);
        Assert.IsType<RecordWritten>(await WriteAsync(buckets, "c"));
    }

    private InProcessBuckets Buckets() => new(store, new BucketOptions(), time);

    private static PutRecord Put(string record, string text) =>
        new(ObjectRef.Record("tasks", record), Encoding.UTF8.GetBytes($$"""{"text":"{{text}}"}"""));

    private ValueTask<Outcome> WriteAsync(InProcessBuckets buckets, string record, string text = "") => ExecuteAsync(buckets, Put(record, text));

    private async ValueTask<PageFound> ListAsync(InProcessBuckets buckets, ListQuery? query = null) =>
        Assert.IsType<PageFound>(await ExecuteAsync(buckets, new ListRecords(Tasks, query ?? new ListQuery { Limit = 1000 })));

    private async ValueTask<Outcome> ExecuteAsync(InProcessBuckets buckets, Operation operation, BucketId? bucket = null) =>
        (await RequestAsync(buckets, operation, bucket)).Outcomes[0];

    private ValueTask<BucketResponse> RequestAsync(InProcessBuckets buckets, Operation operation, BucketId? bucket = null) =>
        buckets.Get(bucket ?? id).ExecuteAsync(new BucketRequest(Alice, [operation]), CancellationToken.None);

    /// <summary>Holds one load back after it has read.</summary>
    private sealed class StallingStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        private readonly TaskCompletionSource stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool stallNext;

        public Task Stalled => stalled.Task;

        public void StallNext() => stallNext = true;

        public void Go() => go.TrySetResult();

        public override async ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken)
        {
            var heads = await base.LoadAsync(id, claim, cancellationToken);
            if (stallNext)
            {
                stallNext = false;
                stalled.TrySetResult();
                await go.Task;
            }

            return heads;
        }
    }

    /// <summary>Holds commits back until it is opened.</summary>
    private sealed class GatedStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        private readonly TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Entered => entered.Task;

        public void Open() => open.TrySetResult();

        public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            entered.TrySetResult();
            await open.Task;
            return await base.CommitAsync(commit);
        }
    }
}
