using System.Text;
using CsCheck;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Validation;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>All that filters promise, with indexes on the fields; and what indexes promise.</summary>
public abstract class FieldIndexContract : FieldFilterContract
{
    // Values of all kinds, some of which are alike for longer than a key is.
    private static readonly string[] Values =
    [
        "1", "2", "2.0", "-1e999", "1e30", "9007199254740993", "null", "true", "false", "\"a\"", "\"b\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"\\uffee\"", "[]", "[1]", "[1,2]", "{}", "{\"a\":1}",
        $"\"{new string('x', 300)}\"", $"\"{new string('x', 300)}y\"", $"\"{new string('x', 250)}\"", $"\"{new string('x', 251)}\"", $"\"{new string('x', 252)}\"", $"\"{new string('x', 253)}\"",
        $"[\"{new string('x', 300)}\",1]", $"[\"{new string('x', 300)}\",2]",
    ];

    private static readonly FieldTest[] Tests = [FieldTest.Equal, FieldTest.NotEqual, FieldTest.Less, FieldTest.AtMost, FieldTest.AtLeast, FieldTest.Greater];

    protected override IFieldDeclarations? Declarations { get; } =
        new IndexedFields([.. FieldFilterCases.All.Select(static row => row.Filter.Path).Append("v").Distinct().Where(static path => path is not ("id" or "last_modified" or "deleted"))]);

    /// <summary>Has the store remove what nobody reads any more.</summary>
    protected abstract Task PurgeAsync();

    /// <summary>How many rows indexes have in the database, of all buckets.</summary>
    protected abstract Task<long> CountKeysAsync();

    /// <summary>With an index and without the same, page by page.</summary>
    [Fact]
    public Task Answers_WithAnIndexAndWithout_AreTheSame() => Gen.Select(
            Gen.Int[-1, Values.Length - 1].Array[0, 30],
            Gen.Select(Gen.Int[0, Tests.Length - 1], Gen.Int[0, Values.Length - 1]).Array[0, 2],
            Gen.Int[0, 4],
            Gen.Int[1, 7],
            static (values, filters, sort, limit) => (Values: values, Filters: filters, Sort: sort, Limit: limit))
        .SampleAsync(
            async input =>
            {
                using var buckets = new InProcessBuckets(Store, new BucketOptions(), new FakeTime(), declarations: new IndexedFields("v"));
                var (plain, indexed) = (NewId(), NewId());
                await ExecuteAsync<RecordWritten>(buckets, indexed, new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray()));
                for (var i = 0; i < input.Values.Length; i++)
                {
                    var body = Encoding.UTF8.GetBytes(input.Values[i] < 0 ? "{}" : $$"""{"v":{{Values[input.Values[i]]}},"i":{{i % 3}}}""");
                    await ExecuteAsync<RecordWritten>(buckets, plain, new PutRecord(ObjectRef.Record("tasks", $"r{i}"), body));
                    await ExecuteAsync<RecordWritten>(buckets, indexed, new PutRecord(ObjectRef.Record("tasks", $"r{i}"), body));
                }

                var query = new ListQuery
                {
                    Limit = input.Limit,
                    Fields = [.. input.Filters.Select(static filter => new FieldFilter("v", Tests[filter.Item1], Values[filter.Item2])), new FieldFilter("i", FieldTest.NotEqual, "1")],
                    Sort = input.Sort switch
                    {
                        0 => [],
                        1 => [new SortField("v", Descending: false)],
                        2 => [new SortField("v", Descending: true), new SortField("last_modified", Descending: true)],
                        3 => [new SortField("id", Descending: false)],
                        _ => [new SortField("last_modified", Descending: false)],
                    },
                };
                Assert.Equal(await PagesAsync(buckets, plain, query), await PagesAsync(buckets, indexed, query));
                var count = new CountRecords(Tasks, query with { Limit = 1 });
                Assert.Equal((await ExecuteAsync<CountFound>(buckets, plain, count)).Count, (await ExecuteAsync<CountFound>(buckets, indexed, count)).Count);
            },
            iter: 150);

    /// <summary>It is built beside what others do, and used once it is whole.</summary>
    [Fact]
    public async Task Index_OfRecordsThatAreThere_IsBuilt_AndHasWhatIsWrittenMeanwhile()
    {
        var store = new WatchedStore(Store);
        using var buckets = new InProcessBuckets(store, new BucketOptions(), new FakeTime(), declarations: new IndexedFields("v"));
        var id = NewId();
        await FillAsync(buckets, id, 1_300);
        var query = new ListQuery { Limit = 10, Fields = [new FieldFilter("v", FieldTest.Equal, "7")] };
        await ExecuteAsync<RecordWritten>(buckets, id, new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray()));

        // Each in the way of the builder or behind it.
        await ExecuteAsync<RecordWritten>(buckets, id, new PutRecord(ObjectRef.Record("tasks", "r0000"), """{"v":7}"""u8.ToArray()));
        await ExecuteAsync<RecordDeleted>(buckets, id, new DeleteRecord(ObjectRef.Record("tasks", "r0007")));
        await ExecuteAsync<RecordWritten>(buckets, id, new PutRecord(ObjectRef.Record("tasks", "r1207"), """{"v":8}"""u8.ToArray()));
        await BuiltAsync(buckets, id);

        string[] expected = ["r0000", .. Enumerable.Range(1, 11).Select(static i => $"r{(1_300 - (100 * i)) + 7:0000}").Where(static r => r is not "r1207")];
        Assert.Equal(expected[..10], (await ExecuteAsync<PageFound>(buckets, id, new ListRecords(Tasks, query))).Records.Select(static record => record.Id));
        Assert.True(store.IsIndexed);
        Assert.InRange(store.Rows, 1, 11);
        var progress = await ExecuteAsync<FieldIndexesFound>(buckets, id, new ReadFieldIndexes(Tasks));
        Assert.Equal((1_299, "v", true), (progress.Records, progress.Indexes[0].Path, progress.Indexes[0].IsUsable));
    }

    /// <summary>A list that is sorted along an index is not looked at whole.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sort_ByAnIndexedField_LooksAtAPage(bool isDescending)
    {
        var store = new WatchedStore(Store);
        using var buckets = new InProcessBuckets(store, new BucketOptions { MaxSortedRecords = 100 }, new FakeTime(), declarations: new IndexedFields("v"));
        var id = NewId();
        await ExecuteAsync<RecordWritten>(buckets, id, new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray()));
        await FillAsync(buckets, id, 600);
        var query = new ListQuery { Limit = 20, Sort = [new SortField("v", isDescending)] };

        var pages = await PagesAsync(buckets, id, query);

        var order = Enumerable.Range(0, 600).OrderBy(i => isDescending ? -(i % 100) : i % 100).ThenByDescending(static i => i).Select(static i => $"r{i:0000}");
        Assert.Equal(order, pages.Select(static place => place.Split(' ')[1]));
        Assert.InRange(store.Most, 1, 21);
    }

    /// <summary>A program that knows no indexes writes beside one that does: as long as the index is not made anew nothing goes by it.</summary>
    [Fact]
    public async Task Index_BesideWhichAnOlderProgramHasWritten_IsNotUsed_AndIsMadeAnew()
    {
        var store = new WatchedStore(Store);
        var id = NewId();
        using var buckets = new InProcessBuckets(store, new BucketOptions(), new FakeTime(), declarations: new IndexedFields("v"));
        await ExecuteAsync<RecordWritten>(buckets, id, new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray()));
        await FillAsync(buckets, id, 50);
        var query = new ListRecords(Tasks, new ListQuery { Limit = 100, Fields = [new FieldFilter("v", FieldTest.Equal, "7")] });
        Assert.Equal(["r0007"], (await ExecuteAsync<PageFound>(buckets, id, query)).Records.Select(static record => record.Id));
        Assert.True(store.IsIndexed);

        // :: As 0.1.0 and 0.2.0 commit
        var former = new FormerStore(Store);
        using (var older = new InProcessBuckets(former, new BucketOptions(), new FakeTime()))
        {
            await ExecuteAsync<RecordWritten>(older, id, new PutRecord(ObjectRef.Record("tasks", "r0001"), """{"v":7}"""u8.ToArray()));
            await ExecuteAsync<RecordDeleted>(older, id, new DeleteRecord(ObjectRef.Record("tasks", "r0007")));
        }

        // :: By who remembers what was before, and by who comes anew
        store.IsIndexed = false;
        Assert.Equal(["r0001"], (await ExecuteAsync<PageFound>(buckets, id, query)).Records.Select(static record => record.Id));
        using var others = new InProcessBuckets(store, new BucketOptions(), new FakeTime(), declarations: new IndexedFields("v"));
        Assert.Equal(["r0001"], (await ExecuteAsync<PageFound>(others, id, query)).Records.Select(static record => record.Id));
        await BuiltAsync(others, id);
        store.IsIndexed = false;
        Assert.Equal(["r0001"], (await ExecuteAsync<PageFound>(others, id, query)).Records.Select(static record => record.Id));
        Assert.True(store.IsIndexed);
    }

    [Fact]
    public async Task Index_ThatIsNotDeclaredAnyMore_OrWhoseListIsGone_LeavesNothing()
    {
        using var buckets = new InProcessBuckets(Store, new BucketOptions(), new FakeTime(), declarations: new IndexedFields("v", "w"));
        await PurgeAsync();
        var before = await CountKeysAsync();
        var (dropped, deleted, gone) = (NewId(), NewId(), NewId());
        foreach (var id in new[] { dropped, deleted, gone })
        {
            await ExecuteAsync<RecordWritten>(buckets, id, new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray()));
            await FillAsync(buckets, id, 30);
        }

        Assert.Equal(before + 180, await CountKeysAsync());
        await ExecuteAsync<RecordWritten>(buckets, dropped, new PutRecord(ObjectRef.Collection("tasks"), """{"other":1}"""u8.ToArray()));
        await ExecuteAsync<RecordDeleted>(buckets, deleted, new DeleteRecord(ObjectRef.Collection("tasks")));
        await ExecuteAsync<RecordDeleted>(buckets, gone, new DeleteRecord(ObjectRef.Bucket));
        await PurgeAsync();

        Assert.Equal(before, await CountKeysAsync());
        Assert.Empty((await ExecuteAsync<FieldIndexesFound>(buckets, dropped, new ReadFieldIndexes(Tasks))).Indexes);

        // :: And anew
        await ExecuteAsync<RecordWritten>(buckets, deleted, new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray()));
        await FillAsync(buckets, deleted, 10);
        Assert.Equal(before + 20, await CountKeysAsync());
    }

    [Fact]
    public async Task Index_OfAListThatAnOlderProgramHasDeleted_LeavesNothing()
    {
        await PurgeAsync();
        var (before, id) = (await CountKeysAsync(), NewId());
        using (var buckets = new InProcessBuckets(Store, new BucketOptions(), new FakeTime(), declarations: new IndexedFields("v")))
        {
            await ExecuteAsync<RecordWritten>(buckets, id, new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray()));
            await FillAsync(buckets, id, 30);
            await buckets.CloseAsync(id, default);
        }

        using var older = new InProcessBuckets(new FormerStore(Store), new BucketOptions(), new FakeTime());
        await ExecuteAsync<RecordDeleted>(older, id, new DeleteRecord(ObjectRef.Collection("tasks")));
        Assert.Equal(before + 30, await CountKeysAsync());
        await PurgeAsync();

        Assert.Equal(before, await CountKeysAsync());
    }

    /// <summary>What has no index writes none, and says none.</summary>
    [Fact]
    public async Task Commit_OfABucketWithoutIndexes_HasNothingOfThem()
    {
        var store = new WatchedStore(Store);
        using var buckets = new InProcessBuckets(store, new BucketOptions(), new FakeTime(), declarations: new IndexedFields("v"));
        var id = NewId();

        await FillAsync(buckets, id, 3);

        Assert.All(store.Commits, static commit => Assert.Empty(commit.Indexes));
        Assert.All(store.Commits, static commit => Assert.Empty(commit.FieldKeys));
        Assert.False((await Store.LoadAsync(id, claim: false, default))!.HasIndexes);
    }

    private static async Task FillAsync(InProcessBuckets buckets, BucketId id, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await ExecuteAsync<RecordWritten>(buckets, id, new PutRecord(ObjectRef.Record("tasks", $"r{i:0000}"), Encoding.UTF8.GetBytes($$"""{"v":{{i % 100}}}""")));
        }
    }

    private static Task BuiltAsync(InProcessBuckets buckets, BucketId id) => Eventually.HoldsAsync("built", async () =>
        (await ExecuteAsync<FieldIndexesFound>(buckets, id, new ReadFieldIndexes(Tasks))).Indexes.All(static index => index.IsUsable));

    /// <returns>Page and record, one after the other.</returns>
    private static async Task<List<string>> PagesAsync(InProcessBuckets buckets, BucketId id, ListQuery query)
    {
        var seen = new List<string>();
        var page = 0;
        do
        {
            var found = await ExecuteAsync<PageFound>(buckets, id, new ListRecords(Tasks, query));
            seen.AddRange(found.Records.Select(record => $"{page} {record.Id}"));
            query = query with { Cursor = found.Next };
            page++;
        }
        while (query.Cursor is not null);

        return seen;
    }

    private sealed class WatchedStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public bool IsIndexed { get; set; }

        /// <summary>Of the last scan.</summary>
        public int Rows { get; private set; }

        public int Most { get; private set; }

        public List<BucketCommit> Commits { get; } = [];

        public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            var found = await base.ScanAsync(scan, cancellationToken);
            IsIndexed |= scan.Field is not null && found.IsIndexed;
            Rows = found.Records.Count;
            Most = Math.Max(Most, Rows);
            return found;
        }

        public override ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            Commits.Add(commit);
            return base.CommitAsync(commit);
        }
    }

    /// <summary>As programs from before indexes see and write it.</summary>
    private sealed class FormerStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public override async ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
            await base.LoadAsync(id, claim, cancellationToken) is { } heads
                ? heads with { HasIndexes = false, HasUnbuiltIndexes = false, Lists = heads.Lists.SetItems(heads.Lists.Select(static list => KeyValuePair.Create(list.Key, list.Value with { Indexes = [] }))) }
                : null;
    }
}
