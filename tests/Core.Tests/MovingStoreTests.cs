using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>Reads while another process writes: what they answer is one moment's, or they say that they cannot.</summary>
public sealed class MovingStoreTests
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private readonly FakeTime time = new();
    private readonly BucketId id = BucketId.DefaultBucket("alice");
    private readonly MovingStore moving;
    private readonly InProcessBuckets here;
    private readonly InProcessBuckets there;

    public MovingStoreTests()
    {
        var database = new SharedStore(new InMemoryBucketStore());
        moving = new MovingStore(database);
        here = new InProcessBuckets(moving, new BucketOptions(), time);
        there = new InProcessBuckets(database, new BucketOptions(), time);
    }

    [Fact]
    public async Task Count_OfAListThatAnotherProcessWritesTo_CarriesTheStampOfItsOwnMoment()
    {
        await WriteAsync(there, "a");
        var newer = 0L;
        moving.BeforeRead = async () =>
        {
            moving.BeforeRead = static () => Task.CompletedTask;
            newer = await WriteAsync(there, "b");
        };

        var count = Assert.IsType<CountFound>(await ExecuteAsync(here, new CountRecords(Tasks, Filtered)));

        Assert.Equal((2, newer), (count.Count, count.ListStamp.Milliseconds));
    }

    [Fact]
    public async Task Count_WhosePreconditionNoLongerHolds_IsRefused()
    {
        var stamp = await WriteAsync(there, "a");
        moving.BeforeRead = async () =>
        {
            moving.BeforeRead = static () => Task.CompletedTask;
            await WriteAsync(there, "b");
        };

        var outcome = await ExecuteAsync(here, new CountRecords(Tasks, Filtered)
        {
            Precondition = new Precondition(PreconditionScope.List, PreconditionTest.Match, new(stamp)),
        });

        Assert.IsType<PreconditionFailed>(outcome);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_WhoseListIsMadeAnewEachTime_IsRefused_AndNotAnsweredWithWhatDoesNotFit(bool counts)
    {
        await WriteAsync(there, "a");
        var moves = 0;
        moving.BeforeRead = async () =>
        {
            moves++;
            await ExecuteAsync(there, new DeleteRecord(ObjectRef.Collection("tasks")));
            await WriteAsync(there, "b");
        };

        var outcome = await ExecuteAsync(here, counts ? new CountRecords(Tasks, Filtered) : new ListRecords(Tasks, Filtered));

        Assert.Equal(Unavailable.Overloaded, outcome);
        Assert.Equal(8, moves);
    }

    [Fact]
    public async Task Read_BesideARefusedWrite_WhileAnotherProcessWrites_IsTakenAgain()
    {
        var stamp = await WriteAsync(there, "a");
        moving.BeforeRead = async () =>
        {
            moving.BeforeRead = static () => Task.CompletedTask;
            await ExecuteAsync(there, new DeleteRecord(ObjectRef.Collection("tasks")));
            await WriteAsync(there, "b");
        };

        var response = await here.Get(id).ExecuteAsync(new BucketRequest(Alice, [
            new ListRecords(Tasks, Filtered),
            new PutRecord(ObjectRef.Record("tasks", "c"), "{}"u8.ToArray()) { Precondition = new Precondition(PreconditionScope.Record, PreconditionTest.Match, new(stamp)) },
        ]), default);

        Assert.Equal("b", Assert.Single(Assert.IsType<PageFound>(response.Outcomes[0]).Records).Id);
        Assert.IsType<PreconditionFailed>(response.Outcomes[1]);
    }

    private static ListQuery Filtered => new() { Limit = 10, Before = new(long.MaxValue) };

    private async Task<long> WriteAsync(InProcessBuckets buckets, string record) => Assert.IsType<RecordWritten>(
        await ExecuteAsync(buckets, new PutRecord(ObjectRef.Record("tasks", record), "{}"u8.ToArray()))).Record.Modified.Milliseconds;

    private async Task<Outcome> ExecuteAsync(InProcessBuckets buckets, Operation operation) =>
        (await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes[0];

    /// <summary>Lets something happen between the heads and the rows that are read with them.</summary>
    private sealed class MovingStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public Func<Task> BeforeRead { get; set; } = static () => Task.CompletedTask;

        public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            await BeforeRead();
            return await base.ScanAsync(scan, cancellationToken);
        }

        public override async ValueTask<RecordCount> CountAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            await BeforeRead();
            return await base.CountAsync(scan, cancellationToken);
        }
    }
}
