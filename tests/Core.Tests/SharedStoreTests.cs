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

/// <summary>Two processes on one store: what one may say from memory while the other one writes.</summary>
public sealed class SharedStoreTests
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private readonly FakeTime time = new();
    private readonly BucketId id = BucketId.DefaultBucket("alice");
    private readonly SharedStore ours;
    private readonly SharedStore theirs;
    private readonly InProcessBuckets here;
    private readonly InProcessBuckets there;

    public SharedStoreTests()
    {
        var database = new InMemoryBucketStore();
        ours = new SharedStore(database);
        theirs = new SharedStore(database);
        here = new InProcessBuckets(ours, new BucketOptions(), time);
        there = new InProcessBuckets(theirs, new BucketOptions(), time);
    }

    [Fact]
    public async Task Poll_OfABucketThatThisProcessWroteTo_IsAnsweredFromMemory()
    {
        var stamp = await WriteAsync(here, "a");
        var loads = ours.Loads;

        Assert.Equal(stamp, await PollAsync(here, stamp));
        Assert.Equal(stamp, await PollAsync(here, stamp));

        Assert.Equal(loads, ours.Loads);
    }

    [Fact]
    public async Task Poll_AfterATakeover_AsksTheStore()
    {
        var stamp = await WriteAsync(here, "a");
        var newer = await WriteAsync(there, "b");

        // Until the news is here memory may be old, and is no longer than the lease.
        Assert.Equal(stamp, await PollAsync(here, stamp));
        ours.TakeOver(id);

        Assert.Equal(newer, await PollAsync(here, stamp));
    }

    [Fact]
    public async Task Poll_LeaseNotConfirmed_AsksTheStore()
    {
        var stamp = await WriteAsync(here, "a");
        var newer = await WriteAsync(there, "b");

        ours.Confirmed = false;

        Assert.Equal(newer, await PollAsync(here, stamp));
    }

    [Fact]
    public async Task Poll_LeaseLostWhileItIsAnswered_IsNotReleasedFromMemory()
    {
        var expiring = new ExpiringStore(ours);
        var buckets = new InProcessBuckets(expiring, new BucketOptions(), time);
        var stamp = await WriteAsync(buckets, "a");
        var newer = await WriteAsync(there, "b");

        expiring.ExpireAfterNextLook = true;

        Assert.Equal(newer, await PollAsync(buckets, stamp));
    }

    [Fact]
    public async Task Load_OvertakenByATakeover_IsNotRemembered()
    {
        var stamp = await WriteAsync(there, "a");
        await PollAsync(here, stamp);
        ours.AfterLoad = async () =>
        {
            ours.AfterLoad = () => Task.CompletedTask;
            await WriteAsync(there, "b");
            ours.TakeOver(id);
        };
        await PollAsync(here, stamp);
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.True(await PollAsync(here, stamp) > stamp, "What was read before the takeover was taken for new.");
    }

    [Fact]
    public async Task Commit_OvertakenByATakeover_IsNotRemembered()
    {
        long newer = 0;
        ours.AfterCommit = async () =>
        {
            ours.AfterCommit = () => Task.CompletedTask;
            newer = await WriteAsync(there, "b");
            ours.TakeOver(id);
        };
        var stamp = await WriteAsync(here, "a");

        Assert.Equal(newer, await PollAsync(here, stamp));
    }

    [Fact]
    public async Task Reads_OfABucketThatNobodyHereWrites_ClaimItAtTheSecond_AndNotSoonAfterLosingIt()
    {
        var stamp = await WriteAsync(there, "a");

        await PollAsync(here, stamp);
        Assert.Equal(0, ours.Claims);
        await PollAsync(here, stamp);
        Assert.Equal(1, ours.Claims);
        await PollAsync(here, stamp);
        Assert.Equal((2, 1), (ours.Loads, ours.Claims));
        ours.TakeOver(id);
        await PollAsync(here, stamp);
        Assert.Equal(1, ours.Claims);
        time.Advance(TimeSpan.FromMinutes(1));
        await PollAsync(here, stamp);
        Assert.Equal(2, ours.Claims);
    }

    [Fact]
    public async Task Refusal_OfAWrite_IsNeverFromOldMemory()
    {
        await WriteAsync(here, "a");
        var newer = await WriteAsync(there, "b");
        var condition = new Precondition(PreconditionScope.List, PreconditionTest.Match, new ServerTimestamp(newer));

        var outcome = await ExecuteAsync(here, new PutRecord(ObjectRef.Record("tasks", "c"), "{}"u8.ToArray()) { Precondition = condition });

        Assert.IsType<RecordWritten>(outcome);
    }

    [Fact]
    public async Task Write_WithOldHeads_IsRunAgainWithNewOnes()
    {
        await WriteAsync(here, "a");
        var newer = await WriteAsync(there, "b");

        Assert.True(await WriteAsync(here, "c") > newer);
    }

    [Fact]
    public async Task Write_LeaseNotConfirmed_BeginsFromWhatIsStored()
    {
        await WriteAsync(here, "a");
        await WriteAsync(there, "b");

        ours.Confirmed = false;
        await WriteAsync(here, "c");

        Assert.Equal(0, ours.Stale);
    }

    [Fact]
    public async Task Write_ThatTheStoreRefuses_FailsAlone()
    {
        var picky = new PickyStore(new InMemoryBucketStore());
        var buckets = new InProcessBuckets(picky, new BucketOptions(), time);
        await WriteAsync(buckets, "first");
        picky.Hold();
        var writes = new[] { "a", "poison", "b", "c" }
            .Select(record => ExecuteAsync(buckets, new PutRecord(ObjectRef.Record("tasks", record), "{}"u8.ToArray())).AsTask()).ToList();
        picky.Release();

        var outcomes = await Task.WhenAll(writes);

        Assert.Equal([false, true, false, false], outcomes.Select(outcome => outcome.Equals(Unavailable.StoreFailed)));
        Assert.True(picky.Refused >= 2, "The poison was not in one turn with others.");
    }

    [Fact]
    public async Task Poll_OfACollectionThatAnotherProcessMade_ByWhoHasSeenIt_IsNotFromOldMemory()
    {
        await WriteAsync(here, "a");
        var first = Assert.IsType<RecordWritten>(await ExecuteAsync(there, new PutRecord(ObjectRef.Record("new", "a"), "{}"u8.ToArray()))).Record.Modified;
        var second = Assert.IsType<RecordWritten>(await ExecuteAsync(there, new PutRecord(ObjectRef.Record("new", "b"), "{}"u8.ToArray()))).Record.Modified;

        var page = Assert.IsType<PageFound>(await ExecuteAsync(here, new ListRecords(ListRef.RecordsOf("new"), new ListQuery { Limit = 10, Since = first })));

        Assert.Equal((second, "b"), (page.ListStamp, Assert.Single(page.Records).Id));
    }

    [Theory]
    [InlineData(PreconditionTest.Match, false)]
    [InlineData(PreconditionTest.NoneMatch, false)]
    [InlineData(PreconditionTest.Match, true)]
    [InlineData(PreconditionTest.NoneMatch, true)]
    public async Task Count_WithAConditionNewerThanMemory_IsNotJudgedByIt(PreconditionTest test, bool isSecond)
    {
        await WriteAsync(here, "a");
        var newer = new ServerTimestamp(await WriteAsync(there, "b"));
        var condition = isSecond
            ? new Precondition(PreconditionScope.List, PreconditionTest.MustExist) { SecondTest = test, SecondValue = newer }
            : new Precondition(PreconditionScope.List, test, newer);

        var outcome = await ExecuteAsync(here, new CountRecords(Tasks, new ListQuery { Limit = 1 }) { Precondition = condition });

        Assert.Equal(test == PreconditionTest.Match ? new CountFound(2, newer) : new NotModified(newer), outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Poll_WithAConditionNewerThanMemory_IsNotJudgedByIt(bool isSecond)
    {
        await WriteAsync(here, "a");
        var newer = new ServerTimestamp(await WriteAsync(there, "b"));
        var condition = isSecond
            ? new Precondition(PreconditionScope.List, PreconditionTest.MustExist) { SecondTest = PreconditionTest.NoneMatch, SecondValue = newer }
            : new Precondition(PreconditionScope.List, PreconditionTest.NoneMatch, newer);

        var outcome = await ExecuteAsync(here, new ListRecords(Tasks, new ListQuery { Limit = 1 }) { Precondition = condition });

        Assert.Equal(new NotModified(newer), outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Poll_AfterAReadThatShowedWhatAnotherProcessDid_IsAsNewAsThat(bool conditional)
    {
        var stamp = await WriteAsync(here, "a");
        Assert.IsType<RecordDeleted>(await ExecuteAsync(there, new DeleteRecord(ObjectRef.Record("tasks", "a"))));
        if (conditional)
        {
            await WriteAsync(there, "a");
        }

        var condition = conditional ? new Precondition(PreconditionScope.Record, PreconditionTest.Match, new ServerTimestamp(stamp)) : default;
        var read = await ExecuteAsync(here, new ReadRecord(ObjectRef.Record("tasks", "a")) { Precondition = condition });

        Assert.True(read is Missing or PreconditionFailed, $"{read}");
        Assert.True(await PollAsync(here, stamp) > stamp, "The poll was older than the read before it.");
    }

    [Fact]
    public async Task RestoredStore_IsTheTruth_WhateverWasAcknowledged()
    {
        var restored = new RestoredStore(new InMemoryBucketStore());
        var buckets = new InProcessBuckets(restored, new BucketOptions(), time);
        await WriteAsync(buckets, "a");
        restored.Keep();
        await WriteAsync(buckets, "b");
        await WriteAsync(buckets, "c");
        restored.Restore();
        restored.Confirmed = false;

        var page = Assert.IsType<PageFound>(await ExecuteAsync(buckets, new ListRecords(Tasks, new ListQuery { Limit = 10 })));

        Assert.Equal(["a"], page.Records.Select(record => record.Id));
        await WriteAsync(buckets, "d");
    }

    private static async Task<long> WriteAsync(InProcessBuckets buckets, BucketId bucket, string record)
    {
        var response = await buckets.Get(bucket).ExecuteAsync(new BucketRequest(Alice, [new PutRecord(ObjectRef.Record("tasks", record), "{}"u8.ToArray())]), default);
        return Assert.IsType<RecordWritten>(response.Outcomes[0]).Record.Modified.Milliseconds;
    }

    private Task<long> WriteAsync(InProcessBuckets buckets, string record) => WriteAsync(buckets, id, record);

    /// <returns>The list's stamp.</returns>
    private async Task<long> PollAsync(InProcessBuckets buckets, long since) => Assert.IsType<PageFound>(
        await ExecuteAsync(buckets, new ListRecords(Tasks, new ListQuery { Limit = 10, Since = new ServerTimestamp(since) }))).ListStamp.Milliseconds;

    private async ValueTask<Outcome> ExecuteAsync(InProcessBuckets buckets, Operation operation) =>
        (await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes[0];

    /// <summary>The lease ends between two looks at it, as when the process is stopped there.</summary>
    private sealed class ExpiringStore(SharedStore inner) : DelegatingBucketStore(inner)
    {
        public bool ExpireAfterNextLook { get; set; }

        public override bool IsCurrent(BucketHeads heads)
        {
            var current = base.IsCurrent(heads);
            if (ExpireAfterNextLook)
            {
                ExpireAfterNextLook = false;
                inner.Confirmed = false;
            }

            return current;
        }
    }

    /// <summary>A store in whose place an older copy of it can be put.</summary>
    private sealed class RestoredStore(InMemoryBucketStore first) : DelegatingBucketStore(first)
    {
        private readonly InMemoryBucketStore old = new();
        private bool keeps = true;
        private bool restored;

        public bool Confirmed { get; set; } = true;

        public void Keep() => keeps = false;

        public void Restore() => restored = true;

        public override bool IsCurrent(BucketHeads heads) => Confirmed;

        public override async ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
            restored ? await old.LoadAsync(id, claim, cancellationToken) : await base.LoadAsync(id, claim, cancellationToken);

        public override ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken) =>
            restored ? old.ScanAsync(scan, cancellationToken) : base.ScanAsync(scan, cancellationToken);

        public override ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
            restored ? old.ReadAsync(bucket, keys, projection, cancellationToken) : base.ReadAsync(bucket, keys, projection, cancellationToken);

        public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            if (restored || keeps)
            {
                var outcome = await old.CommitAsync(commit);
                return restored ? outcome : await base.CommitAsync(commit);
            }

            return await base.CommitAsync(commit);
        }
    }

    /// <summary>Refuses commits with a certain record, and can hold one back so that others queue.</summary>
    private sealed class PickyStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        private TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool holds;

        public int Refused { get; private set; }

        public void Hold() => holds = true;

        public void Release()
        {
            holds = false;
            gate.TrySetResult();
        }

        public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            if (holds)
            {
                await gate.Task;
            }

            if (commit.Records.Any(record => record.Value.Id == "poison"))
            {
                Refused++;
                return CommitOutcome.Refused;
            }

            return await base.CommitAsync(commit);
        }
    }
}
