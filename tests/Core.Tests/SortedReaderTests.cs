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

/// <summary>An order by fields over a list that is read in many runs.</summary>
public sealed class SortedReaderTests
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private static readonly BucketId Id = BucketId.DefaultBucket("alice");
    private readonly FakeTime time = new();
    private readonly RunStore store = new(new InMemoryBucketStore());

    [Theory]
    [InlineData(10, long.MaxValue, false)]
    [InlineData(200, 60L, false)]
    [InlineData(7, 500L, true)]
    public async Task Pages_OfAListReadInRuns_AreInOrder_AndWhatIsWrittenMeanwhileComesByThePoll(int limit, long maxBytes, bool isFiltered)
    {
        using var buckets = await FillAsync(new BucketOptions());
        var touched = new HashSet<string>(StringComparer.Ordinal);
        var runs = 0;
        store.AfterRun = async () =>
        {
            // Now and then a record comes to be in front of all, or behind.
            if (++runs % 4 == 0)
            {
                var record = $"r{7 * runs % 200:000}";
                touched.Add(record);
                await ExecuteAsync(buckets, Put(record, runs % 8 == 0 ? -1 : 1_000));
            }
        };
        var query = new ListQuery { Sort = [new SortField("n", Descending: false)], Limit = limit, MaxBytes = maxBytes, Fields = isFiltered ? [new FieldFilter("n", FieldTest.Less, "20")] : [] };
        var seen = new List<string>();
        PageFound page;
        do
        {
            page = Assert.IsType<PageFound>(await ExecuteAsync(buckets, new ListRecords(Tasks, query)));
            Assert.InRange(page.Records.Count, 0, limit);
            seen.AddRange(page.Records.Select(static record => record.Id));
            query = query with { Cursor = page.Next };
        }
        while (page.Next is not null);

        (store.AfterRun, store.Rows) = (null, int.MaxValue);
        var expected = Enumerable.Range(0, 200).OrderBy(static i => i % 40).ThenByDescending(static i => i).Where(i => !isFiltered || i % 40 < 20).Select(static i => $"r{i:000}");
        Assert.Equal(seen.Distinct(), seen);
        Assert.Equal(expected.Where(record => !touched.Contains(record)), seen.Where(record => !touched.Contains(record)));
        var poll = Assert.IsType<PageFound>(await ExecuteAsync(buckets, new ListRecords(Tasks, new ListQuery { Since = page.ListStamp, Limit = 1_000 })));
        Assert.Equal(touched.Order(StringComparer.Ordinal), poll.Records.Select(static record => record.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Page_OfMoreRecordsThanTheSetting_IsRefused_AlsoWhereFewMatch_AndWithinItTheListMayBeLonger()
    {
        using var small = await FillAsync(new BucketOptions { MaxSortedRecords = 150 });
        using var large = new InProcessBuckets(store, new BucketOptions { MaxSortedRecords = 200 }, time);
        var first = new ListQuery { Sort = [new SortField("n", Descending: true)], Limit = 1 };
        foreach (var query in new[] { first, first with { Fields = [new FieldFilter("n", FieldTest.Less, "1")] } })
        {
            Assert.Equal(new Invalid(InvalidReason.TooManyToSort, 150), await ExecuteAsync(small, new ListRecords(Tasks, query)));
            Assert.Single(Assert.IsType<PageFound>(await ExecuteAsync(large, new ListRecords(Tasks, query))).Records);
        }

        Assert.Single(Assert.IsType<PageFound>(await ExecuteAsync(small, new ListRecords(Tasks, first with { After = new ServerTimestamp(1), Ids = ["r001"] }))).Records);
    }

    /// <summary>A field that is named often makes keys that are longer than what they come from.</summary>
    [Fact]
    public async Task Page_OfKeysThatAreLong_EndsWithThem()
    {
        using var buckets = await FillAsync(new BucketOptions { MaxSortedBytes = 5_000, MaxTurnBytes = 1_000 });
        var query = new ListQuery { Sort = [.. Enumerable.Repeat(new SortField("n", Descending: false), 10)], Limit = 100 };

        var page = Assert.IsType<PageFound>(await ExecuteAsync(buckets, new ListRecords(Tasks, query with { MaxBytes = 10_000 })));

        Assert.InRange(page.Records.Count, 50, 70);
        Assert.NotNull(page.Next);
    }

    [Fact]
    public async Task Page_ThatTakesLongerThanAThirdOfTheAnswerTime_IsPutOff()
    {
        using var buckets = await FillAsync(new BucketOptions());
        store.AfterRun = () =>
        {
            time.Advance(TimeSpan.FromSeconds(2));
            return Task.CompletedTask;
        };

        Assert.Equal(Unavailable.Overloaded, await ExecuteAsync(buckets, new ListRecords(Tasks, new ListQuery { Sort = [new SortField("n", Descending: true)], Limit = 1 })));
    }

    [Fact]
    public async Task Pages_OfOneUserAtOnce_WaitForRoom_WhereTheStoreTakesItsTime()
    {
        using var buckets = await FillAsync(new BucketOptions { MaxWorkBytes = 1L << 20 });
        store.AfterRun = static async () => await Task.Yield();
        var query = new ListQuery { Sort = [new SortField("n", Descending: true)], Limit = 1 };

        var pages = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ExecuteAsync(buckets, new ListRecords(Tasks, query)).AsTask()));

        Assert.All(pages, static page => Assert.IsType<PageFound>(page));
    }

    private static PutRecord Put(string id, int n) => new(ObjectRef.Record("tasks", id), Encoding.UTF8.GetBytes($$"""{"n":{{n}}}"""));

    /// <summary>200 records, five of each of 40 values.</summary>
    private async Task<InProcessBuckets> FillAsync(BucketOptions options)
    {
        var buckets = new InProcessBuckets(store, options, time);
        var response = await buckets.Get(Id).ExecuteAsync(new BucketRequest(Alice, [.. Enumerable.Range(0, 200).Select(static i => Put($"r{i:000}", i % 40))]), default);
        Assert.All(response.Outcomes, static outcome => Assert.IsType<RecordWritten>(outcome));
        return buckets;
    }

    private static async ValueTask<Outcome> ExecuteAsync(InProcessBuckets buckets, Operation operation) =>
        (await buckets.Get(Id).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes[0];

    /// <summary>A store that gives few rows at a time, and lets something happen after.</summary>
    private sealed class RunStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public Func<Task>? AfterRun { get; set; }

        public int Rows { get; set; } = 30;

        public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            var rows = await base.ScanAsync(scan with { Limit = Math.Min(scan.Limit, Rows) }, cancellationToken);
            await (AfterRun?.Invoke() ?? Task.CompletedTask);
            return rows;
        }
    }
}
