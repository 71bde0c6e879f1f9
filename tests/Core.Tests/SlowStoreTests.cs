using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>Reads that wait for a database have no place meanwhile: what lies on another one is read.</summary>
public sealed class SlowStoreTests
{
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private readonly FakeTime time = new();
    private readonly HalfStore store = new(new InMemoryBucketStore());

    public static TheoryData<string, Operation> LongReads => new()
    {
        { "sort", new ListRecords(Tasks, new ListQuery { Limit = 5, Sort = [new SortField("n", Descending: false)] }) },
        { "filter", new ListRecords(Tasks, new ListQuery { Limit = 5, Fields = [new FieldFilter("n", FieldTest.Equal, "2")] }) },
        { "count", new CountRecords(Tasks, new ListQuery { Limit = 5, Fields = [new FieldFilter("n", FieldTest.Equal, "2")] }) },
    };

    [Theory]
    [MemberData(nameof(LongReads), DisableDiscoveryEnumeration = true)]
    public async Task Read_WhoseDatabaseDoesNotAnswer_KeepsNobodyFromAnother(string name, Operation read)
    {
        using var buckets = new InProcessBuckets(store, new BucketOptions { MaxConcurrentSorts = 1 }, time);
        await FillAsync(buckets, "alice");
        await FillAsync(buckets, "bob");
        store.Slow = IdOf("alice");
        var slow = ExecuteAsync(buckets, "alice", read);
        await store.Asked.Task;

        Assert.IsNotType<Unavailable>(await ExecuteAsync(buckets, "bob", read));
        Assert.False(slow.IsCompleted, name);

        // :: And it goes on by itself once that has answered
        store.Answer.SetResult();
        Assert.IsNotType<Unavailable>(await slow);
    }

    private static BucketId IdOf(string user) => BucketId.DefaultBucket(user);

    private static async Task FillAsync(InProcessBuckets buckets, string user)
    {
        for (var i = 0; i < 3_000; i += 250)
        {
            var puts = Enumerable.Range(i, 250).Select(static n => new PutRecord(ObjectRef.Record("tasks", $"r{n:0000}"), """{"n":1}"""u8.ToArray()));
            await buckets.Get(IdOf(user)).ExecuteAsync(new BucketRequest(Of(user), [.. puts]), default);
        }
    }

    private static Caller Of(string user) => new(new($"account:{user}"), BucketAccess.Own);

    private static async Task<Outcome> ExecuteAsync(InProcessBuckets buckets, string user, Operation operation) =>
        (await buckets.Get(IdOf(user)).ExecuteAsync(new BucketRequest(Of(user), [operation]), default)).Outcomes[0];

    /// <summary>One bucket lies where nothing is answered from the second look on: the first one needs no place.</summary>
    private sealed class HalfStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        private int looks;

        public BucketId? Slow { get; set; }

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            if (scan.Bucket.Id == Slow && (scan.Limit > 1_000 || ++looks > 1))
            {
                Asked.TrySetResult();
                await Answer.Task.WaitAsync(cancellationToken);
            }

            return await base.ScanAsync(scan, cancellationToken);
        }
    }
}
