using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>What a filter on fields may cost, and whom.</summary>
public sealed class FilteredReaderTests
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private static readonly BucketId Id = BucketId.DefaultBucket("alice");
    private static readonly FieldFilter Last = new("n", FieldTest.Equal, "2999");
    private readonly FakeTime time = new();
    private readonly SlowStore store;

    public FilteredReaderTests() => store = new SlowStore(new InMemoryBucketStore(), time);

    [Fact]
    public async Task Page_OverItsRows_IsEmptyAndSaysWhereToGoOn_UntilAllIsLookedAt()
    {
        using var buckets = await FillAsync(new BucketOptions { MaxFilteredRecords = 1_200 });

        Assert.Equal([0, 0, 1], await PagesAsync(buckets));
    }

    [Fact]
    public async Task Page_OverItsBytes_EndsToo()
    {
        using var buckets = await FillAsync(new BucketOptions { MaxFilteredBytes = 15_000 });

        Assert.InRange((await PagesAsync(buckets)).Count, 2, 10);
    }

    [Fact]
    public async Task Page_OverItsTime_EndsToo()
    {
        using var buckets = await FillAsync(new BucketOptions());
        store.ScanTime = TimeSpan.FromSeconds(2);

        Assert.Equal([0, 0, 1], await PagesAsync(buckets));
    }

    [Fact]
    public async Task Count_OverItsRowsOrItsTime_IsRefused_AndOneWithin_IsExact()
    {
        using var small = await FillAsync(new BucketOptions { MaxCountedRecords = 2_000 });
        using var large = new InProcessBuckets(store, new BucketOptions { MaxCountedRecords = 3_000 }, time);
        store.MostRows = 1_000;
        var count = new CountRecords(Tasks, new ListQuery { Fields = [new FieldFilter("n", FieldTest.Less, "10")], Limit = 1 });

        Assert.Equal(10, Assert.IsType<CountFound>(await ExecuteAsync(large, count)).Count);
        Assert.Equal(Unavailable.Overloaded, await ExecuteAsync(small, count));
        store.ScanTime = TimeSpan.FromSeconds(6);
        Assert.Equal(Unavailable.Overloaded, await ExecuteAsync(large, count));
    }

    [Fact]
    public async Task Read_OfWhoHasGone_Ends()
    {
        using var buckets = await FillAsync(new BucketOptions());
        using var gone = new CancellationTokenSource();
        store.OnScan = gone.Cancel;
        var scans = store.Scans;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await ExecuteAsync(buckets, List(), cancellationToken: gone.Token));

        Assert.Equal(scans + 1, store.Scans);
    }

    /// <summary>A first look costs no more than any page; whoever goes on takes turns with others.</summary>
    [Fact]
    public async Task Reads_OfOneUser_TakeAPlaceOnlyWhenTheyAreLong()
    {
        using var buckets = await FillAsync(new BucketOptions { MaxConcurrentSorts = 1 });
        var held = new TaskCompletionSource();
        store.Holds = (scan, hold) => scan.Query.Cursor is not null ? held.Task : hold;
        var long1 = ExecuteAsync(buckets, List()).AsTask();
        var long2 = ExecuteAsync(buckets, List()).AsTask();
        var scans = store.Scans;

        var quick = Assert.IsType<PageFound>(await ExecuteAsync(buckets, List(new FieldFilter("n", FieldTest.AtLeast, "0"))));
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(Unavailable.Overloaded, await long2);
        held.SetResult();

        Assert.Equal(10, quick.Records.Count);
        Assert.NotNull(Assert.IsType<PageFound>(await long1).Next);
        Assert.Equal(scans + 1, store.Scans);
    }

    /// <summary>What somebody may not see is neither found, counted nor named by where a page ends.</summary>
    [Fact]
    public async Task Filter_OfWhoSeesAPart_IsAskedOfThatPartOnly()
    {
        using var shared = SharedBucket.Create(new BucketOptions { MaxFilteredRecords = 1 });
        var records = ListRef.RecordsOf("c");
        await RunAsync(SharedBucket.Alice, SharedBucket.Put(ObjectRef.Bucket));
        await RunAsync(SharedBucket.Alice, SharedBucket.Put(ObjectRef.Collection("c")));
        for (var i = 0; i < 12; i++)
        {
            await RunAsync(SharedBucket.Alice, SharedBucket.Put(ObjectRef.Record("c", $"r{i:00}"), i % 3 == 0 ? SharedBucket.Readers("account:bob#2") : null, $$"""{"n":{{i}},"secret":"s{{i}}"}"""));
        }

        foreach (var (filter, ids) in new[]
        {
            (new FieldFilter("n", FieldTest.AtLeast, "5"), "r06 r09"), (new FieldFilter("secret", FieldTest.Like, "\"s*\""), "r00 r03 r06 r09"),
            (new FieldFilter("secret", FieldTest.Equal, "\"s7\""), ""), (new FieldFilter("secret", FieldTest.NotEqual, "\"s7\""), "r00 r03 r06 r09"),
        })
        {
            var (seen, query) = (new List<string>(), new ListQuery { Fields = [filter], Limit = 2, Sort = [new SortField("id", Descending: false)] });
            PageFound page;
            do
            {
                page = Assert.IsType<PageFound>(await RunAsync(SharedBucket.Bob, new ListRecords(records, query)));
                seen.AddRange(page.Records.Select(static record => record.Id));
                Assert.Contains(page.Next?.Id ?? "r00", new[] { "r00", "r03", "r06", "r09" });
                query = query with { Cursor = page.Next };
            }
            while (page.Next is not null);

            Assert.Equal(ids, string.Join(' ', seen));
            Assert.Equal(seen.Count, Assert.IsType<CountFound>(await RunAsync(SharedBucket.Bob, new CountRecords(records, query with { Cursor = null }))).Count);
        }

        async Task<Outcome> RunAsync(Caller caller, Operation operation) =>
            (await shared.Buckets.Get(SharedBucket.Shop).ExecuteAsync(new BucketRequest(caller, [operation]), default)).Outcomes[0];
    }

    private static ListRecords List(FieldFilter? filter = null) => new(Tasks, new ListQuery { Fields = [filter ?? Last], Limit = 10, Sort = [new SortField("last_modified", Descending: false)] });

    private async Task<InProcessBuckets> FillAsync(BucketOptions options)
    {
        var buckets = new InProcessBuckets(store, options, time);
        for (var i = 0; i < 3_000; i += 250)
        {
            var response = await buckets.Get(Id).ExecuteAsync(
                new BucketRequest(Alice, [.. Enumerable.Range(i, 250).Select(static n => new PutRecord(ObjectRef.Record("tasks", $"r{n:0000}"), Encoding.UTF8.GetBytes($$"""{"n":{{n}}}""")))]), default);
            Assert.All(response.Outcomes, static outcome => Assert.IsType<RecordWritten>(outcome));
        }

        return buckets;
    }

    /// <returns>How many records each page has.</returns>
    private static async Task<List<int>> PagesAsync(InProcessBuckets buckets)
    {
        var (counts, list) = (new List<int>(), List());
        PageFound page;
        do
        {
            page = Assert.IsType<PageFound>(await ExecuteAsync(buckets, list));
            counts.Add(page.Records.Count);
            list = list with { Query = list.Query with { Cursor = page.Next } };
        }
        while (page.Next is not null);

        Assert.Equal(1, counts.Sum());
        return counts;
    }

    private static async ValueTask<Outcome> ExecuteAsync(InProcessBuckets buckets, Operation operation, CancellationToken cancellationToken = default) =>
        (await buckets.Get(Id).ExecuteAsync(new BucketRequest(Alice, [operation]), cancellationToken)).Outcomes[0];

    /// <summary>A store whose scans take a time, return fewer rows than asked for, or wait.</summary>
    private sealed class SlowStore(IBucketStore inner, FakeTime time) : DelegatingBucketStore(inner)
    {
        public TimeSpan ScanTime { get; set; }

        public int MostRows { get; set; } = int.MaxValue;

        public int Scans { get; private set; }

        public Action? OnScan { get; set; }

        public Func<RecordScan, Task, Task> Holds { get; set; } = static (_, hold) => hold;

        public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            Scans++;
            await Holds(scan, Task.CompletedTask);
            if (ScanTime > TimeSpan.Zero)
            {
                time.Advance(ScanTime);
            }

            OnScan?.Invoke();
            return await base.ScanAsync(scan with { Limit = Math.Min(scan.Limit, MostRows) }, cancellationToken);
        }
    }
}
