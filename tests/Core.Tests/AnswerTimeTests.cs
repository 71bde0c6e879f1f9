using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>A store that says nothing: whoever waits for it is answered in time, and told no more than is known.</summary>
public sealed class AnswerTimeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private readonly FakeTime time = new();
    private readonly BucketOptions options = new();
    private readonly HangingStore store = new(new InMemoryBucketStore());
    private readonly InProcessBuckets buckets;

    public AnswerTimeTests() => buckets = new InProcessBuckets(store, options, time);

    [Fact]
    public async Task Commit_ThatTheStoreSaysNothingOf_IsToldUnknownInTime_AndWhatWaitsBehindItThatNothingWasChanged()
    {
        await WriteAsync("first");
        var hang = store.HangCommits();
        var under = WriteAsync("under way");
        var behind = WriteAsync("behind");

        time.Advance(options.AnswerTime / 4 * 3);
        Assert.Equal(Unavailable.Overloaded, await behind.WaitAsync(Patience));
        Assert.False(under.IsCompleted);
        time.Advance(options.AnswerTime / 4);
        Assert.Equal(Unavailable.FateUnknown, await under.WaitAsync(Patience));

        // It ends after all: what was given up does not run, and the bucket goes on from what is stored.
        hang.SetResult();
        Assert.IsType<RecordWritten>(await WriteAsync("after").WaitAsync(Patience));
        Assert.Equal(["after", "first", "under way"], await IdsAsync());
    }

    [Fact]
    public async Task Write_WhoseRowsAreNotRead_IsToldThatNothingWasChanged()
    {
        await WriteAsync("first");
        store.HangReads();

        var write = WriteAsync("a");
        time.Advance(options.AnswerTime);

        Assert.Equal(Unavailable.StoreFailed, await write.WaitAsync(Patience));
        await store.GivenUp.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_ThatTheStoreDoesNotAnswer_IsRefusedInTime_AndGivenUp(bool ofAList)
    {
        await WriteAsync("first");
        store.HangReads();

        var read = ExecuteAsync(ofAList ? new ListRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 10 }) : new ReadRecord(ObjectRef.Record("tasks", "first")));
        Assert.False(read.IsCompleted);
        time.Advance(options.AnswerTime);

        Assert.Equal(Unavailable.StoreFailed, await read.WaitAsync(Patience));
        await store.GivenUp.WaitAsync(Patience);
    }

    [Fact]
    public async Task Commit_IsDueAtTheStore_BeforeItsCallerIsAnswered()
    {
        await WriteAsync("first");
        var hang = store.HangCommits();
        var first = WriteAsync("a");
        time.Advance(TimeSpan.FromSeconds(5));
        var second = WriteAsync("b");
        hang.SetResult();
        await Task.WhenAll(first, second).WaitAsync(Patience);

        // What waited in the queue has so much less.
        Assert.Equal(options.AnswerTime - TimeSpan.FromSeconds(1), store.Left[^2]);
        Assert.Equal(options.AnswerTime - TimeSpan.FromSeconds(1), store.Left[^1]);
        hang = store.HangCommits();
        first = WriteAsync("c");
        second = WriteAsync("d");
        time.Advance(TimeSpan.FromSeconds(5));
        hang.SetResult();
        await Task.WhenAll(first, second).WaitAsync(Patience);
        Assert.Equal(options.AnswerTime - TimeSpan.FromSeconds(6), store.Left[^1]);
    }

    private Task<Outcome> WriteAsync(string record) => ExecuteAsync(new PutRecord(ObjectRef.Record("tasks", record), "{}"u8.ToArray()));

    private async Task<Outcome> ExecuteAsync(Operation operation) =>
        (await buckets.Get(BucketId.DefaultBucket("alice")).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes[0];

    private async Task<IEnumerable<string>> IdsAsync() =>
        Assert.IsType<PageFound>(await ExecuteAsync(new ListRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 100 }))).Records
        .Select(static record => record.Id).Order(StringComparer.Ordinal);

    /// <summary>Says nothing until it is told to; hears when it is not waited for any more.</summary>
    private sealed class HangingStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        private readonly TaskCompletionSource givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task commits = Task.CompletedTask;
        private Task reads = Task.CompletedTask;

        /// <summary>Ends when a read is not waited for any more.</summary>
        public Task GivenUp => givenUp.Task;

        /// <summary>What each commit's deadline left when it came.</summary>
        public List<TimeSpan> Left { get; } = [];

        public TaskCompletionSource HangCommits()
        {
            var hang = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            commits = hang.Task;
            return hang;
        }

        public void HangReads() => reads = new TaskCompletionSource().Task;

        public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            Left.Add(commit.Deadline.Left);
            await commits;
            return await base.CommitAsync(commit);
        }

        public override async ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken)
        {
            await WaitAsync(cancellationToken);
            return await base.ReadAsync(bucket, keys, projection, cancellationToken);
        }

        public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            await WaitAsync(cancellationToken);
            return await base.ScanAsync(scan, cancellationToken);
        }

        private async Task WaitAsync(CancellationToken cancellationToken)
        {
            try
            {
                await reads.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                givenUp.TrySetResult();
                throw;
            }
        }
    }
}
