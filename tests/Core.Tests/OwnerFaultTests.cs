using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>Faults, which are bugs, at every place of a turn: nothing is done twice, callers hear the truth, and the bucket lives on.</summary>
public sealed class OwnerFaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private readonly BucketId id = BucketId.DefaultBucket("alice");
    private readonly FaultyTime time = new();
    private readonly ScriptedStore store = new(new InMemoryBucketStore());
    private readonly ConcurrentQueue<Exception> faults = new();
    private readonly InProcessBuckets buckets;

    public OwnerFaultTests() => buckets = new InProcessBuckets(store, new BucketOptions(), time, faults.Enqueue);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Commit_ThatThrows_IsToldUnknown_AndNotRunAgain(bool afterItIsDone)
    {
        await WriteAsync("first");
        var tried = 0;
        var writes = await TogetherAsync(["a", "b", "c"], async (_, commit) =>
        {
            tried++;
            return afterItIsDone ? Throw(await commit()) : Throw(default);
        });

        Assert.All(writes, static outcome => Assert.Equal(Unavailable.FateUnknown, outcome));
        Assert.Equal(1, tried);
        Assert.Single(faults);
        Assert.Equal(afterItIsDone ? ["a", "b", "c", "first"] : ["first"], await StoredAsync());
        Assert.IsType<RecordWritten>(await WriteAsync("after"));
    }

    [Fact]
    public async Task Commit_OfNoKnownStatus_IsToldUnknown_AndNotRunAgain()
    {
        await WriteAsync("first");
        var tried = 0;

        var writes = await TogetherAsync(["a", "b"], async (_, commit) =>
        {
            tried++;
            await commit();
            return new CommitOutcome((CommitStatus)99);
        });

        Assert.All(writes, static outcome => Assert.Equal(Unavailable.FateUnknown, outcome));
        Assert.Equal(1, tried);
    }

    [Fact]
    public async Task Fault_AfterTheCommitIsDone_IsToldUnknown_AndNotRunAgain()
    {
        await WriteAsync("first");
        var tried = 0;

        // The clock is next read where the turn looks whether the bucket's clock leads.
        var writes = await TogetherAsync(["a", "b"], async (_, commit) =>
        {
            tried++;
            var done = await commit();
            time.FailWallClock = true;
            return done;
        });

        Assert.All(writes, static outcome => Assert.Equal(Unavailable.FateUnknown, outcome));
        Assert.Equal(1, tried);
        Assert.Equal(["a", "b", "first"], await StoredAsync());
    }

    [Fact]
    public async Task Fault_BeforeACommit_FailsItsOwnRequestAlone()
    {
        await WriteAsync("first");
        store.Poison = "bad";

        var writes = await TogetherAsync(["a", "bad", "b"], static (_, commit) => commit());

        Assert.IsType<RecordWritten>(writes[0]);
        Assert.IsType<InvalidOperationException>(writes[1]);
        Assert.IsType<RecordWritten>(writes[2]);
        Assert.Equal(["a", "b", "first"], await StoredAsync());
    }

    [Fact]
    public async Task Fault_OfOneAmongThoseThatRunAlone_LeavesWhatTheOthersWereTold()
    {
        await WriteAsync("first");
        var tried = new List<string>();

        // All together are refused, then each comes alone, and the second one's commit throws.
        var writes = await TogetherAsync(["a", "b", "c"], async (sent, commit) =>
        {
            tried.Add(string.Join('+', sent.Records.Select(static record => record.Value.Id)));
            return sent.Records.Count > 1 ? CommitOutcome.Refused
                : tried[^1] is "b" ? Throw(await commit())
                : await commit();
        });

        Assert.Equal(["a+b+c", "a", "b", "c"], tried);
        Assert.IsType<RecordWritten>(writes[0]);
        Assert.Equal(Unavailable.FateUnknown, writes[1]);
        Assert.IsType<RecordWritten>(writes[2]);
    }

    [Theory]
    [InlineData("lockstep.commit.duration")]
    [InlineData("lockstep.turn.duration")]
    public async Task ListenerOfMeasurements_ThatThrows_ChangesNothing(string instrument)
    {
        using var listener = new MeterListener
        {
            InstrumentPublished = (published, self) =>
            {
                if (ReferenceEquals(published.Meter, buckets.Metrics.Meter) && published.Name == instrument)
                {
                    self.EnableMeasurementEvents(published);
                }
            },
        };
        var heard = 0;
        listener.SetMeasurementEventCallback<double>((_, _, _, _) =>
        {
            heard++;
            throw new InvalidOperationException("No.");
        });
        listener.Start();

        Assert.IsType<RecordWritten>(await WriteAsync("a"));
        Assert.All(await TogetherAsync(["b", "c"], static (_, commit) => commit()), static outcome => Assert.IsType<RecordWritten>(outcome));

        Assert.True(heard >= 2);
        Assert.Equal(["a", "b", "c"], await StoredAsync());
        Assert.Empty(faults);
    }

    [Fact]
    public async Task Fault_OutsideTheTurn_LeavesTheBucketWritable_AndTheRoomOfTheQueueFree()
    {
        var meter = buckets.Metrics.Meter;
        await WriteAsync("first");

        // The clock is next read for the request's deadline, for its place in the queue, and where the turn's duration begins.
        time.FailTimestamp = 3;
        Assert.Equal(Unavailable.FateUnknown, await WriteAsync("lost"));

        Assert.IsType<RecordWritten>(await WriteAsync("after"));
        Assert.Equal(["after", "first"], await StoredAsync());
        Assert.Single(faults);
        Assert.Equal(0, meter.Observe<long>("lockstep.queue.operations"));
        Assert.Equal(0, meter.Observe<long>("lockstep.queue.size"));
    }

    [Fact]
    public async Task ListenerOfFaults_ThatThrows_LeavesTheBucketWritable()
    {
        var deaf = new InProcessBuckets(store, new BucketOptions(), time, static _ => throw new InvalidOperationException("No."));
        store.OnCommit = static (_, _) => throw new InvalidOperationException("A bug.");
        Assert.Equal(Unavailable.FateUnknown, await WriteAsync("lost", deaf));
        store.OnCommit = static (_, commit) => commit();

        Assert.IsType<RecordWritten>(await WriteAsync("after", deaf));
    }

    private static CommitOutcome Throw(CommitOutcome outcome) => throw new InvalidOperationException($"A bug, after {outcome.Status}.");

    /// <summary>Has the owner take these writes in one turn.</summary>
    /// <returns>The outcomes; for a request that failed, what it failed with.</returns>
    private async Task<object[]> TogetherAsync(string[] records, Func<BucketCommit, Func<ValueTask<CommitOutcome>>, ValueTask<CommitOutcome>> commit)
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store.OnCommit = async (_, holder) =>
        {
            store.OnCommit = commit;
            entered.SetResult();
            await held.Task;
            return await holder();
        };
        var holding = buckets.Get(BucketId.DefaultBucket("alice")).ExecuteAsync(
            new BucketRequest(Alice, [new PutRecord(ObjectRef.Record("held", "one"), "{}"u8.ToArray())]), default).AsTask();
        await entered.Task.WaitAsync(Patience);
        var writes = records.Select(async record =>
        {
            try
            {
                return (object)await WriteAsync(record);
            }
            catch (InvalidOperationException e)
            {
                return e;
            }
        }).ToList();
        held.SetResult();
        await holding.WaitAsync(Patience);
        var outcomes = await Task.WhenAll(writes).WaitAsync(Patience);
        store.OnCommit = static (_, commit) => commit();
        return outcomes;
    }

    private async Task<Outcome> WriteAsync(string record, InProcessBuckets? through = null) => (await (through ?? buckets).Get(id).ExecuteAsync(
        new BucketRequest(Alice, [new PutRecord(ObjectRef.Record("tasks", record), "{}"u8.ToArray())]), default).AsTask().WaitAsync(Patience)).Outcomes[0];

    /// <summary>Ids in their order, from the store and not from this owner's memory.</summary>
    private async Task<IEnumerable<string>> StoredAsync()
    {
        var fresh = new InProcessBuckets(store, new BucketOptions(), time);
        var response = await fresh.Get(id).ExecuteAsync(new BucketRequest(Alice, [new ListRecords(Tasks, new ListQuery { Limit = 100 })]), default);
        return Assert.IsType<PageFound>(response.Outcomes[0]).Records.Select(static record => record.Id).Order(StringComparer.Ordinal);
    }

    /// <summary>Commits as the test says, and throws where a certain record is read.</summary>
    private sealed class ScriptedStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public Func<BucketCommit, Func<ValueTask<CommitOutcome>>, ValueTask<CommitOutcome>> OnCommit { get; set; } = static (_, commit) => commit();

        public string? Poison { get; set; }

        public override ValueTask<CommitOutcome> CommitAsync(BucketCommit commit) => OnCommit(commit, () => base.CommitAsync(commit));

        public override ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
            keys.Any(key => key.Id == Poison) ? throw new InvalidOperationException("A bug.") : base.ReadAsync(bucket, keys, projection, cancellationToken);
    }
}
