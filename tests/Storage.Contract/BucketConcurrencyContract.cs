using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>The promises that only concurrency can break, on a real clock.</summary>
public abstract class BucketConcurrencyContract
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");

    protected abstract IBucketStore Store { get; }

    [Fact]
    public Task Writers64AndPollers4_OnOneCollection_NothingIsMissed() => WritersAndPollersAsync(new InProcessBuckets(Store, new BucketOptions(), TimeProvider.System), writers: 64, pollers: 4, writesEach: 40);

    [Fact]
    public Task Counter_IncrementedBy32Devices_EndsAtTheNumberOfSuccesses() =>
        CounterAsync([new InProcessBuckets(Store, new BucketOptions(), TimeProvider.System)], devices: 32);

    [Fact]
    public Task Counter_ThroughTwoOwnersOfOneBucket_EndsAtTheNumberOfSuccesses() =>
        CounterAsync([.. Enumerable.Range(0, 2).Select(_ => new InProcessBuckets(Store, new BucketOptions(), TimeProvider.System))], devices: 16);

    [Fact]
    public async Task UnconditionalWriters_ThroughTwoOwners_NoneFailsAndNoStampRepeats()
    {
        var owners = Enumerable.Range(0, 2).Select(_ => new InProcessBuckets(Store, new BucketOptions { MaxTurnOperations = 4 }, TimeProvider.System)).ToArray();
        var id = NewId();
        var stamps = new ConcurrentBag<long>();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 25;)
            {
                var outcome = await ExecuteAsync(owners[writer % 2], id, new PutRecord(ObjectRef.Record("tasks", $"{writer}-{i}"), "{}"u8.ToArray()));
                if (outcome is RecordWritten written)
                {
                    stamps.Add(written.Record.Modified.Milliseconds);
                    i++;
                }
                else
                {
                    // Two owners may drive each other from the version so often that one gives up; it says so, and wrote nothing.
                    Assert.Equal(Unavailable.Overloaded, outcome);
                }
            }
        })));

        Assert.Equal(200, stamps.Distinct().Count());
        var page = Assert.IsType<PageFound>(await ExecuteAsync(owners[0], id, new ListRecords(Tasks, new ListQuery { Limit = 1000 })));
        Assert.Equal(stamps.Order(), page.Records.Select(record => record.Modified.Milliseconds).Order());
    }

    /// <summary>Public for owners that live elsewhere, and so that broken stores can be shown to fail it.</summary>
    public static async Task WritersAndPollersAsync(IBuckets buckets, int writers, int pollers, int writesEach)
    {
        var id = NewId();
        var stamps = new ConcurrentBag<long>();
        using var written = new CancellationTokenSource();

        var polling = Enumerable.Range(0, pollers).Select(_ => Task.Run(async () =>
        {
            var seen = new Dictionary<string, long>(StringComparer.Ordinal);
            var etag = ServerTimestamp.Zero;
            for (var last = false; ;)
            {
                // One more round after the writers have ended.
                var ended = written.IsCancellationRequested;
                var query = new ListQuery { Limit = 50, Since = etag };
                PageFound page;
                do
                {
                    page = Assert.IsType<PageFound>(await ExecuteAsync(buckets, id, new ListRecords(Tasks, query)));
                    foreach (var record in page.Records)
                    {
                        seen[record.Id] = record.Modified.Milliseconds;
                    }

                    query = query with { Cursor = page.Next };
                }
                while (page.Next is not null);

                Assert.True(page.ListStamp >= etag, $"The ETag went back from {etag} to {page.ListStamp}.");
                etag = page.ListStamp;
                if (last)
                {
                    return seen;
                }

                last = ended;
                await Task.Yield();
            }
        })).ToArray();

        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < writesEach; i++)
            {
                var body = Encoding.UTF8.GetBytes($$"""{"writer":{{writer}}}""");
                var outcome = await ExecuteAsync(buckets, id, new PutRecord(ObjectRef.Record("tasks", $"{writer}-{i}"), body));
                stamps.Add(Assert.IsType<RecordWritten>(outcome).Record.Modified.Milliseconds);
            }
        })));
        await written.CancelAsync();

        Assert.Equal(writers * writesEach, stamps.Distinct().Count());
        foreach (var seen in await Task.WhenAll(polling))
        {
            Assert.Equal(stamps.Order(), seen.Values.Order());
        }
    }

    /// <summary>Public for owners that live elsewhere, and so that broken stores can be shown to fail it.</summary>
    public static async Task CounterAsync(IReadOnlyList<IBuckets> owners, int devices)
    {
        const int each = 10;
        var id = NewId();
        var counter = ObjectRef.Record("counters", "one");
        await ExecuteAsync(owners[0], id, new PutRecord(counter, """{"n":0}"""u8.ToArray()));
        var successes = 0;

        await Task.WhenAll(Enumerable.Range(0, devices).Select(device => Task.Run(async () =>
        {
            var buckets = owners[device % owners.Count];
            for (var mine = 0; mine < each;)
            {
                if (await ExecuteAsync(buckets, id, new ReadRecord(counter)) is not RecordFound { Record: var record })
                {
                    continue;
                }

                var body = Encoding.UTF8.GetBytes($$"""{"n":{{Read(record) + 1}}}""");
                var condition = new Precondition(PreconditionScope.Record, PreconditionTest.Match, record.Modified);
                var outcome = await ExecuteAsync(buckets, id, new PutRecord(counter, body) { Precondition = condition });
                if (outcome is RecordWritten)
                {
                    mine++;
                    Interlocked.Increment(ref successes);
                }
                else
                {
                    Assert.True(outcome is PreconditionFailed || outcome.Equals(Unavailable.Overloaded), $"{outcome}");
                }
            }
        })));

        var final = Assert.IsType<RecordFound>(await ExecuteAsync(owners[0], id, new ReadRecord(counter)));
        Assert.Equal(devices * each, successes);
        Assert.Equal(successes, Read(final.Record));
    }

    private static BucketId NewId() => BucketId.DefaultBucket(Guid.NewGuid().ToString());

    private static async Task<Outcome> ExecuteAsync(IBuckets buckets, BucketId id, Operation operation) =>
        (await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [operation]), CancellationToken.None)).Outcomes[0];

    private static int Read(StoredRecord record) => JsonDocument.Parse(record.Body).RootElement.GetProperty("n").GetInt32();
}
