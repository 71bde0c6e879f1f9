using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>What has expired goes from the store, and no reader sees a difference.</summary>
public sealed class ExpirySweepTests
{
    private static readonly Caller Owner = new(new("sync:7"), BucketAccess.Own);
    private static readonly ListRef Tabs = ListRef.RecordsOf("tabs");

    private readonly FakeTime time = new();
    private readonly InMemoryBucketStore store = new();
    private readonly InProcessBuckets buckets;
    private readonly BucketId id = BucketId.SyncStorage("7");

    public ExpirySweepTests() => buckets = new InProcessBuckets(store, new BucketOptions(), time);

    [Fact]
    public async Task Sweep_RemovesWhatHasExpired_AndKnowsWhenTheNextDoes()
    {
        await MergeAsync("a", lifetime: 10);
        await MergeAsync("b", lifetime: 20);
        await MergeAsync("c", lifetime: null);
        var sweep = new ExpirySweep(store, buckets, time);
        Assert.Equal(0, await sweep.StepAsync(default));

        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(1, await sweep.StepAsync(default));

        Assert.Equal(["b", "c"], await StoredAsync());
        var head = await HeadAsync();
        Assert.Equal((2, 2), (head.Count, head.Bytes));
        var b = Assert.IsType<RecordFound>(await ExecuteAsync(new ReadRecord(ObjectRef.Record("tabs", "b")))).Record;
        Assert.Equal(b.Expiry, head.NextExpiry);
        Assert.Equal(0, await sweep.StepAsync(default));

        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(1, await sweep.StepAsync(default));
        Assert.Null((await HeadAsync()).NextExpiry);
    }

    [Fact]
    public async Task Sweep_MovesNoStampThatAReaderSees()
    {
        await MergeAsync("a", lifetime: 10);
        time.Advance(TimeSpan.FromSeconds(15));
        var before = Assert.IsType<ListsFound>(await ExecuteAsync(new ReadLists(Exact: true)));

        await new ExpirySweep(store, buckets, time).StepAsync(default);

        var after = Assert.IsType<ListsFound>(await ExecuteAsync(new ReadLists(Exact: true)));
        Assert.Equal(before.Stamp, after.Stamp);
        Assert.Equal(before.Lists, after.Lists);
        Assert.Equal(0, Assert.Single(after.Lists).Count);
        Assert.Empty(await StoredAsync());
    }

    [Fact]
    public async Task Sweep_OfManyAtOnce_TakesThemAll()
    {
        for (var i = 0; i < 13; i++)
        {
            await ExecuteAsync(new MergeRecords(Tabs, [.. Enumerable.Range(0, 100).Select(n => new RecordChange($"{i}-{n}") { Lifetime = 10 })]));
        }

        time.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal(1_300, await new ExpirySweep(store, buckets, time).StepAsync(default));
        Assert.Empty(await StoredAsync());
    }

    [Fact]
    public async Task Upload_ThatNobodyEnds_GoesAfterTwoHours_AndIsNotCounted()
    {
        Assert.IsType<ChangesStaged>(await ExecuteAsync(new StageChanges(Tabs, "u", [new RecordChange("a") { Body = new byte[9] }]) { Opens = true, MaxRecords = 9, MaxBytes = 99 }));
        Assert.Empty(Assert.IsType<ListsFound>(await ExecuteAsync(new ReadLists(Exact: true))).Lists);

        time.Advance(TimeSpan.FromHours(2) + TimeSpan.FromSeconds(1));
        Assert.IsType<Missing>(await ExecuteAsync(new MergeRecords(Tabs, []) { Upload = "u" }));
        Assert.Equal(1, await new ExpirySweep(store, buckets, time).StepAsync(default));

        Assert.Empty((await store.LoadAsync(id, claim: false, default))!.Lists);
        while (await store.PurgeAsync(100, default))
        {
        }
    }

    [Fact]
    public async Task Uploads_MoreThanMayBe_TheOldestMakesRoom()
    {
        for (var i = 0; i < 21; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.IsType<ChangesStaged>(await ExecuteAsync(new StageChanges(Tabs, $"u{i}", []) { Opens = true, MaxRecords = 9, MaxBytes = 99 }));
        }

        Assert.IsType<Missing>(await ExecuteAsync(new MergeRecords(Tabs, []) { Upload = "u0" }));
        Assert.IsType<RecordsMerged>(await ExecuteAsync(new MergeRecords(Tabs, []) { Upload = "u1" }));
    }

    [Fact]
    public async Task Uploads_AreAsManyAndLastAsLong_AsTheSettingsSay()
    {
        var few = new InProcessBuckets(store, new BucketOptions { MaxUploads = 2, UploadLifetime = TimeSpan.FromMinutes(10) }, time);
        for (var i = 0; i < 3; i++)
        {
            Assert.IsType<ChangesStaged>(await OfFewAsync(new StageChanges(Tabs, $"u{i}", []) { Opens = true, MaxRecords = 9, MaxBytes = 99 }));
            time.Advance(TimeSpan.FromMinutes(4));
        }

        // Begun 12, 8 and 4 minutes ago; the first one made room.
        Assert.IsType<Missing>(await OfFewAsync(new MergeRecords(Tabs, []) { Upload = "u0" }));
        Assert.IsType<RecordsMerged>(await OfFewAsync(new MergeRecords(Tabs, []) { Upload = "u1" }));
        time.Advance(TimeSpan.FromMinutes(7));
        Assert.IsType<Missing>(await OfFewAsync(new MergeRecords(Tabs, []) { Upload = "u2" }));

        async Task<Outcome> OfFewAsync(Operation operation) => (await few.Get(id).ExecuteAsync(new BucketRequest(Owner, [operation]), default)).Outcomes[0];
    }

    /// <summary>What a newer program has made is its own affair.</summary>
    [Fact]
    public async Task Bucket_OfAKindThatIsNotKnown_IsLeftAlone_AndRefused()
    {
        var newer = BucketId.Parse("z:something");
        var list = new ListHead { List = Tabs, Key = 1, RowsModified = new(5), Touched = new(5), Count = 1, Bytes = 1, NextExpiry = new(6) };
        await store.CommitAsync(new BucketCommit(
            BucketHeads.Unwritten(newer) with { Version = 1, Clock = new(5), Exists = true, Author = "account:alice" }, Guid.NewGuid(), [list], [], [],
            [KeyValuePair.Create(1, new StoredRecord { Id = "a", Modified = new(5), Body = new byte[1], Expiry = new(6) })]));
        Assert.Equal(BucketKind.Unknown, newer.Kind);

        var sweep = new ExpirySweep(store, buckets, time);
        Assert.Equal(0, await sweep.StepAsync(default));
        Assert.Equal(newer, sweep.Strange);
        Assert.Equal(0, await new TombstoneSweep(store, buckets, new BucketOptions { TombstoneRetention = TimeSpan.FromDays(1) }, time).StepAsync(default));
        foreach (var (caller, operation) in new (Caller, Operation)[]
        {
            (Owner, new ReadLists(Exact: false)), (Owner, new MergeRecords(Tabs, [])), (Owner, new DeleteRecord(ObjectRef.Bucket)),
            (Caller.System, new DeleteRecord(ObjectRef.Bucket)), (Caller.System, new ExpireRecords(Tabs, 9)), (new(new("account:alice"), BucketAccess.ByAcl), new ReadRecord(ObjectRef.Bucket)),
        })
        {
            Assert.Equal(Forbidden.Instance, Assert.Single((await buckets.Get(newer).ExecuteAsync(new BucketRequest(caller, [operation]), default)).Outcomes));
        }

        Assert.Equal(1, (await store.LoadAsync(newer, claim: false, default))!.Version);
    }

    private async Task MergeAsync(string record, int? lifetime) =>
        Assert.IsType<RecordsMerged>(await ExecuteAsync(new MergeRecords(Tabs, [new RecordChange(record) { Body = new byte[1], Lifetime = lifetime }])));

    private async Task<Outcome> ExecuteAsync(Operation operation) =>
        Assert.Single((await buckets.Get(id).ExecuteAsync(new BucketRequest(Owner, [operation]), default)).Outcomes);

    private async Task<ListHead> HeadAsync() => (await store.LoadAsync(id, claim: false, default))!.Lists[Tabs];

    private async Task<IEnumerable<string>> StoredAsync()
    {
        var heads = await store.LoadAsync(id, claim: false, default);
        var rows = await store.ScanAsync(new RecordScan(heads!.Key, heads.Lists[Tabs].Key, new ListQuery { Limit = 2_000 }, 2_000, long.MaxValue), default);
        return rows.Records.Select(row => row.Id).Order(StringComparer.Ordinal);
    }
}
