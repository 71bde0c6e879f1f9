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
using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Core.Tests;

public sealed class BucketImportTests
{
    private static readonly BucketId Id = BucketId.OldSyncStorage(7);
    private static readonly ListRef Bookmarks = ListRef.RecordsOf("bookmarks");
    private static readonly ListRef Tabs = ListRef.RecordsOf("tabs");
    private static readonly Caller Owner = new(new("sync11:7"), BucketAccess.Own);

    private readonly FakeTimeProvider time = new(DateTimeOffset.FromUnixTimeMilliseconds(2_000_000_000_000));
    private readonly InMemoryBucketStore store = new();

    [Fact]
    public async Task Records_ThatWereImported_HaveTheirStamps_AndTheirCollectionThatOfTheNewest()
    {
        var import = await BucketImport.BeginAsync(store, Id, Owner, time, default);
        await import.AddAsync([(Bookmarks, Record("a", 1_000, "12345")), (Tabs, Record("t", 500, "1"))]);
        await import.AddAsync([(Bookmarks, Record("b", 900, "123")), (Bookmarks, Record("c", 1_500, "") with { SortIndex = -3, Expiry = new(2_000_000_001_000) })]);

        Assert.Equal(4, await import.CountAsync(default));
        var heads = (await store.LoadAsync(Id, claim: false, default))!;
        Assert.Equal((true, "sync11:7"), (heads.Exists, heads.Author));
        AssertState((3, 8, new(1_500), new(2_000_000_001_000)), State(heads[Bookmarks]));
        AssertState((1, 1, new(500), null), State(heads[Tabs]));
        Assert.Equal(["a:1000", "b:900", "c:1500"], await ReadAsync(Bookmarks));
    }

    [Fact]
    public async Task Writes_AfterAnImport_HaveLaterStamps_AndSeeTheRecords()
    {
        await (await BucketImport.BeginAsync(store, Id, Owner, time, default)).AddAsync([(Bookmarks, Record("a", 1_000, "12345"))]);

        using var buckets = new InProcessBuckets(store, new BucketOptions(), time);
        var response = await buckets.Get(Id).ExecuteAsync(new BucketRequest(Owner, [new MergeRecords(Bookmarks, [new RecordChange("a") { SortIndex = 4 }]), new ReadLists(Exact: true)]), default);

        Assert.True(Assert.IsType<RecordsMerged>(response.Outcomes[0]).ListStamp >= new ServerTimestamp(2_000_000_000_000));
        Assert.Equal((1, 5), Assert.IsType<ListsFound>(response.Outcomes[1]).Lists.Select(static list => (list.Count, list.Bytes)).Single());
    }

    [Fact]
    public async Task Import_ThatIsBegunAgain_HoldsWhatCameThen_AndNothingOfBefore_ButHasItsStamps()
    {
        await (await BucketImport.BeginAsync(store, Id, Owner, time, default)).AddAsync([(Bookmarks, Record("a", 1_000, "12345")), (Tabs, Record("t", 500, "1"))]);

        var again = await BucketImport.BeginAsync(store, Id, Owner, time, default);
        await again.AddAsync([(Bookmarks, Record("b", 900, "123"))]);

        Assert.Equal(1, await again.CountAsync(default));
        var heads = (await store.LoadAsync(Id, claim: false, default))!;
        AssertState((1, 3, new(900), null), State(heads[Bookmarks]));
        Assert.False(heads[Tabs].Exists);
        Assert.Equal(["b:900"], await ReadAsync(Bookmarks));
    }

    [Fact]
    public async Task Import_BesideSomebodyElse_WritesNothingMore()
    {
        var first = await BucketImport.BeginAsync(store, Id, Owner, time, default);
        await first.AddAsync([(Bookmarks, Record("a", 1_000, "1"))]);
        await BucketImport.BeginAsync(store, Id, Owner, time, default);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => first.AddAsync([(Bookmarks, Record("b", 1_000, "1"))]));
        Assert.False((await store.LoadAsync(Id, claim: false, default))!.Exists);
    }

    private static StoredRecord Record(string id, long modified, string body) => new() { Id = id, Modified = new ServerTimestamp(modified), Body = Encoding.UTF8.GetBytes(body) };

    private static void AssertState((long, long, ServerTimestamp, ServerTimestamp?) expected, (long, long, ServerTimestamp, ServerTimestamp?) actual) => Assert.Equal(expected, actual);

    private static (long Count, long Bytes, ServerTimestamp Touched, ServerTimestamp? Expiry) State(ListHead head) => (head.Count, head.Bytes, head.Touched, head.NextExpiry);

    private async Task<IEnumerable<string>> ReadAsync(ListRef list)
    {
        var heads = (await store.LoadAsync(Id, claim: false, default))!;
        var rows = await store.ScanAsync(new RecordScan(heads.Key, heads[list].Key, new ListQuery { Limit = 10 }, 10, long.MaxValue), default);
        return rows.Records.Select(static record => $"{record.Id}:{record.Modified}").Order(StringComparer.Ordinal);
    }
}
