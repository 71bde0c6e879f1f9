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

        Assert.Equal([0, 1], await PagesAsync(buckets));
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
        using var held = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        HoldAtWork(entered, held);
        var long1 = Task.Run(() => ExecuteAsync(buckets, List()).AsTask());
        entered.Wait();
        var long2 = ExecuteAsync(buckets, List()).AsTask();
        var scans = store.Scans;

        var quick = Assert.IsType<PageFound>(await ExecuteAsync(buckets, List(new FieldFilter("n", FieldTest.AtLeast, "0"))));
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(Unavailable.Overloaded, await long2);
        held.Set();

        Assert.Equal(10, quick.Records.Count);
        Assert.NotNull(Assert.IsType<PageFound>(await long1).Next);
        Assert.Equal(scans + 1, store.Scans);
    }

    /// <summary>What is full needs no place to find out whether there is more.</summary>
    [Fact]
    public async Task Page_ThatIsFullAfterAFirstLook_LooksNoFurther_AndTheLastOneMayBeEmpty()
    {
        using var buckets = await FillAsync(new BucketOptions());
        var (list, scans) = (List(new FieldFilter("n", FieldTest.Equal, "500")) with { Query = List().Query with { Fields = [new FieldFilter("n", FieldTest.Equal, "500")], Limit = 1 } }, store.Scans);

        var page = Assert.IsType<PageFound>(await ExecuteAsync(buckets, list));

        Assert.Equal((1, 1), (page.Records.Count, store.Scans - scans));
        var last = Assert.IsType<PageFound>(await ExecuteAsync(buckets, list with { Query = list.Query with { Cursor = page.Next } }));
        Assert.Equal((0, null), (last.Records.Count, last.Next));
    }

    /// <summary>A record can be worth many; none but the first is looked at once the time is over.</summary>
    [Fact]
    public async Task Page_WhoseRowsTakeLong_EndsBetweenThem_AndLeavesNoneOut()
    {
        using var filled = await FillAsync(new BucketOptions());
        var options = new BucketOptions();
        var reader = new FilteredReader(store, options, new OwnerWork(options, time), time);
        var heads = (await store.LoadAsync(Id, claim: false, default))!;
        var (looked, query) = (0, List().Query);
        var rows = new VisibleRows([], Look);
        store.SeesAll = true;
        var found = new List<string>();
        do
        {
            var before = looked;
            var (outcome, _) = await reader.ReadAsync(heads, heads[Tasks], uncommitted: null, query, rows, new Asker("alice", IsInTurn: false), default);
            var page = Assert.IsType<PageFound>(outcome);
            found.AddRange(page.Records.Select(static record => record.Id));
            Assert.InRange(looked - before, 1, 30);
            query = query with { Cursor = page.Next };
        }
        while (query.Cursor is not null);

        Assert.Equal(["r2999"], found);

        bool Look(StoredRecord row)
        {
            looked++;
            time.Advance(TimeSpan.FromMilliseconds(100));
            return true;
        }
    }

    /// <summary>What a turn has changed may lie behind all that is seen of what was looked at.</summary>
    [Fact]
    public async Task Pages_OfAPartInATurn_HaveWhatTheTurnChangedOnce()
    {
        using var filled = await FillAsync(new BucketOptions());
        var options = new BucketOptions { MaxFilteredRecords = 1_000 };
        var reader = new FilteredReader(store, options, new OwnerWork(options, time), time);
        var heads = (await store.LoadAsync(Id, claim: false, default))!;
        store.SeesAll = true;
        var changed = new Dictionary<string, StoredRecord>(StringComparer.Ordinal) { ["r0500x"] = new() { Id = "r0500x", Modified = heads.Clock.Plus(1), Body = """{"n":-1}"""u8.ToArray() } };
        var seen = new VisibleRows([], static row => string.CompareOrdinal(row.Id, "r0400") < 0 || row.Id is "r0500x");
        var query = new ListQuery { Fields = [new FieldFilter("n", FieldTest.Equal, "-1")], Limit = 10, Sort = [new SortField("id", Descending: false)] };
        var found = new List<string>();
        do
        {
            var (outcome, _) = await reader.ReadAsync(heads, heads[Tasks], changed, query, seen, new Asker("alice", IsInTurn: true), default);
            var page = Assert.IsType<PageFound>(outcome);
            found.AddRange(page.Records.Select(static record => record.Id));
            query = query with { Cursor = page.Next };
        }
        while (query.Cursor is not null);

        Assert.Equal(["r0500x"], found);
    }

    /// <summary>Else each run would have the store put all that names somebody in order again.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_OfAPartNewestFirst_AsksTheStoreForNothingButRowsThatNameSomebody(bool isSorted)
    {
        using var filled = await FillAsync(new BucketOptions());
        await ExecuteAsync(filled, new DeleteRecord(ObjectRef.Record("tasks", "r0004")));
        var options = new BucketOptions();
        var work = new OwnerWork(options, time);
        var heads = (await store.LoadAsync(Id, claim: false, default))!;
        store.SeesAll = true;
        var scans = new List<RecordScan>();
        store.Holds = (scan, hold) =>
        {
            scans.Add(scan);
            return hold;
        };
        var query = new ListQuery
        {
            Fields = [new FieldFilter("n", FieldTest.Less, "6")], Limit = 10, Deleted = false, ExcludedIds = ["r0002"],
            Sort = isSorted ? [new SortField("n", Descending: true)] : [],
        };
        var changed = new Dictionary<string, StoredRecord>(StringComparer.Ordinal) { ["r0003"] = StoredRecord.Tombstone("r0003", heads.Clock.Plus(1), author: null) };
        var (rows, asker) = (new VisibleRows(["account:bob"], static row => row.Id != "r0000"), new Asker("bob", IsInTurn: true));

        var (outcome, _) = isSorted
            ? await new SortedReader(store, options, work, time).ReadAsync(heads, heads[Tasks], changed, query, rows, asker, default)
            : await new FilteredReader(store, options, work, time).ReadAsync(heads, heads[Tasks], changed, query, rows, asker, default);

        Assert.Equal(["r0005", "r0001"], Assert.IsType<PageFound>(outcome).Records.Select(static record => record.Id));
        Assert.All(scans, static scan => Assert.True(scan.IsOfNewestNamed));
    }

    /// <summary>A read that is put off leaves nothing undone that others may rest on.</summary>
    [Fact]
    public async Task Read_InATurnThatTakesTooLong_IsPutOff_AndWhatFollowsIsDone()
    {
        using var buckets = await FillAsync(new BucketOptions());
        store.ScanTime = TimeSpan.FromSeconds(2);
        var sorted = List() with { Query = new ListQuery { Sort = [new SortField("n", Descending: false)], Limit = 10 } };
        var request = new BucketRequest(Alice, [new PutRecord(ObjectRef.Record("tasks", "a"), "{}"u8.ToArray()), sorted, new PutRecord(ObjectRef.Record("tasks", "b"), "{}"u8.ToArray())]);

        var outcomes = (await buckets.Get(Id).ExecuteAsync(request, default)).Outcomes;

        Assert.IsType<RecordWritten>(outcomes[0]);
        Assert.Equal(Unavailable.Overloaded, outcomes[1]);
        Assert.IsType<RecordWritten>(outcomes[2]);
    }

    /// <summary>What waits counts for what it is.</summary>
    [Fact]
    public void Operation_WithManyIdsAndFilters_CountsForThem()
    {
        var query = new ListQuery { Limit = 1, Ids = [new string('i', 1_000)], ExcludedIds = [new string('e', 1_000)], Fields = [new FieldFilter(new string('p', 1_000), FieldTest.Equal, new string('v', 1_000))] };

        Assert.All(new Operation[] { new ListRecords(Tasks, query), new CountRecords(Tasks, query), new DeleteRecords(Tasks, query) }, static operation => Assert.InRange(operation.Size, 8_000, 10_000));
    }

    /// <summary>They would otherwise pile up in one turn until nobody in it could be answered.</summary>
    [Fact]
    public async Task Deletions_ThatLookForLong_TakeATurnEach()
    {
        using var buckets = await FillAsync(new BucketOptions());
        var held = new TaskCompletionSource();
        store.Commits = held.Task;
        var before = ExecuteAsync(buckets, new PutRecord(ObjectRef.Record("tasks", "r0000"), "{}"u8.ToArray())).AsTask();
        var deletions = Enumerable.Range(0, 4).Select(_ => ExecuteAsync(buckets, new DeleteRecords(Tasks, List().Query)).AsTask()).ToList();
        store.ScanTime = TimeSpan.FromSeconds(2);

        held.SetResult();
        var outcomes = await Task.WhenAll(deletions);

        Assert.IsType<RecordWritten>(await before);
        Assert.All(outcomes[..3], static outcome => Assert.IsType<RecordsDeleted>(outcome));
        Assert.IsType<Unavailable>(outcomes[3]);
    }

    /// <summary>Where all others of the bucket wait for it, it is not waited for as anywhere else.</summary>
    [Fact]
    public async Task Read_InATurn_DoesNotWaitForAPlaceForLong()
    {
        using var buckets = await FillAsync(new BucketOptions { MaxConcurrentSorts = 1 });
        using var held = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        HoldAtWork(entered, held);
        var long1 = Task.Run(() => ExecuteAsync(buckets, List()).AsTask());
        entered.Wait();
        var request = new BucketRequest(Alice, [new PutRecord(ObjectRef.Record("tasks", "new"), "{}"u8.ToArray()), List() with { Query = List().Query with { Sort = [new SortField("n", Descending: false)] } }]);
        var turn = buckets.Get(Id).ExecuteAsync(request, default).AsTask();

        time.Advance(TimeSpan.FromMilliseconds(1_100));

        var outcomes = (await turn).Outcomes;
        Assert.IsType<RecordWritten>(outcomes[0]);
        Assert.Equal(Unavailable.Overloaded, outcomes[1]);
        held.Set();
        Assert.IsType<PageFound>(await long1);
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

    /// <summary>What has a place stays at work in it, as one does that is read from a file: whoever waits for a database has none.</summary>
    private void HoldAtWork(ManualResetEventSlim entered, ManualResetEventSlim held) => store.Holds = (scan, hold) =>
    {
        if (scan.Query.Cursor is not null)
        {
            entered.Set();
            held.Wait();
        }

        return hold;
    };

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

        public bool SeesAll { get; set; }

        public Task Commits { get; set; } = Task.CompletedTask;

        public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            await Commits;
            return await base.CommitAsync(commit);
        }

        public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            Scans++;
            await Holds(scan, Task.CompletedTask);
            if (ScanTime > TimeSpan.Zero)
            {
                time.Advance(ScanTime);
            }

            OnScan?.Invoke();
            return await base.ScanAsync(scan with { Limit = Math.Min(scan.Limit, MostRows), Principals = SeesAll ? null : scan.Principals }, cancellationToken);
        }
    }
}
