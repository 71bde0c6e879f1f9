using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>Old tombstones go, and no reader is left with a record that is gone, or without one that is there.</summary>
public sealed class TombstoneRetentionTests
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private readonly FakeTime time = new();
    private readonly InMemoryBucketStore store = new();
    private readonly InProcessBuckets buckets;
    private readonly BucketId id = BucketId.DefaultBucket("alice");

    public TombstoneRetentionTests() => buckets = new InProcessBuckets(store, new BucketOptions(), time);

    [Fact]
    public async Task Purge_OldTombstones_GoAndTheNewestRowStays()
    {
        await PutAsync("old");
        await PutAsync("live");
        await DeleteAsync("old");
        await PutAsync("newest");
        var newest = await DeleteAsync("newest");

        Assert.Equal(1, await PurgeAsync());

        var page = await ListAsync(since: 0);
        Assert.Equal(["live", "newest"], page.Records.Select(record => record.Id).Order(StringComparer.Ordinal));
        Assert.Equal(newest, page.ListStamp);
        Assert.Equal(0, await PurgeAsync());
    }

    [Fact]
    public async Task Purge_MovesNoStampThatAReaderSees()
    {
        await PutAsync("old");
        await DeleteAsync("old");
        var before = await PutAsync("live");

        await PurgeAsync();

        var page = await ListAsync();
        Assert.Equal((before, "live"), (page.ListStamp, Assert.Single(page.Records).Id));
        Assert.Equal(new CountFound(1, before), await ExecuteAsync(new CountRecords(Tasks, new ListQuery { Limit = 10 })));
    }

    [Fact]
    public async Task Poller_OlderThanThePurge_IsToldToStartOver_AndThenGivenEverything()
    {
        var seen = await PutAsync("gone");
        await PutAsync("older than the purged tombstone");
        var horizon = await DeleteAsync("gone");
        await PutAsync("newer");
        await PurgeAsync();

        var told = await ListAsync(since: seen.Milliseconds);
        var next = await ListAsync(since: told.ListStamp.Milliseconds);

        Assert.Empty(told.Records);
        Assert.Equal(horizon, told.ListStamp);
        Assert.Equal(["newer", "older than the purged tombstone"], next.Records.Select(record => record.Id).Order(StringComparer.Ordinal));
        Assert.True(next.ListStamp > horizon);
        Assert.Empty((await ListAsync(since: next.ListStamp.Milliseconds)).Records);
    }

    [Fact]
    public async Task Poller_AtTheHorizon_IsGivenEverythingPageByPage()
    {
        for (var i = 0; i < 5; i++)
        {
            await PutAsync($"r{i}");
        }

        await PutAsync("gone");
        var horizon = await DeleteAsync("gone");
        await PutAsync("r5");
        await PurgeAsync();

        var seen = new List<string>();
        PageCursor? cursor = null;
        do
        {
            var page = await ListAsync(since: horizon.Milliseconds, cursor, limit: 2);
            seen.AddRange(page.Records.Select(record => record.Id));
            cursor = page.Next;
        }
        while (cursor is not null);

        Assert.Equal(["r0", "r1", "r2", "r3", "r4", "r5"], seen.Order(StringComparer.Ordinal));
        Assert.Equal(6, Assert.IsType<CountFound>(await ExecuteAsync(new CountRecords(Tasks, new ListQuery { Since = horizon, Limit = 1 }))).Count);
    }

    [Fact]
    public async Task Pages_ThatAPurgeOvertakes_EndWithStartingOver()
    {
        var seen = await PutAsync("a");
        await PutAsync("b");
        await DeleteAsync("a");
        await PutAsync("c");
        await PutAsync("d");
        var first = await ListAsync(since: seen.Milliseconds, limit: 2);
        await PurgeAsync();

        var last = await ListAsync(since: seen.Milliseconds, first.Next, limit: 2);

        Assert.Empty(last.Records);
        Assert.Null(last.Next);
        Assert.Contains("b", (await ListAsync(since: last.ListStamp.Milliseconds)).Records.Select(record => record.Id));
    }

    [Fact]
    public async Task Purge_IsBounded_AndGoesOnWhereItEnded()
    {
        for (var i = 0; i < 7; i++)
        {
            await PutAsync($"r{i}");
            await DeleteAsync($"r{i}");
        }

        await PutAsync("live");

        Assert.Equal(3, await PurgeAsync(limit: 3));
        Assert.Equal(["live", "r3", "r4", "r5", "r6"], (await ListAsync(since: 0)).Records.Select(record => record.Id).Order(StringComparer.Ordinal));
        Assert.Equal(3, await PurgeAsync(limit: 3));
        Assert.Equal(1, await PurgeAsync(limit: 3));
    }

    [Fact]
    public async Task Record_WrittenAgainInTheTurnOfThePurge_Stays()
    {
        await PutAsync("a");
        await DeleteAsync("a");
        await PutAsync("b");

        var request = new BucketRequest(Alice, [new PurgeTombstones(Tasks, Later, 10), Put("a")]);
        var response = await buckets.Get(id).ExecuteAsync(request, default);

        Assert.Equal(1, Assert.IsType<CountFound>(response.Outcomes[0]).Count);
        Assert.Equal(["a", "b"], (await ListAsync()).Records.Select(record => record.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Sweep_RemovesWhatIsOlderThanTheSetting_AndNothingWithoutIt()
    {
        await PutAsync("old");
        await DeleteAsync("old");
        time.Advance(TimeSpan.FromDays(40));
        await PutAsync("young");
        await DeleteAsync("young");
        await PutAsync("live");

        Assert.Equal(0, await Sweep(TimeSpan.Zero).StepAsync(default));
        Assert.Equal(0, await Sweep(TimeSpan.FromDays(50)).StepAsync(default));
        Assert.Equal(1, await Sweep(TimeSpan.FromDays(30)).StepAsync(default));
        Assert.Equal(["live", "young"], (await ListAsync(since: 0)).Records.Select(record => record.Id).Order(StringComparer.Ordinal));
    }

    private ServerTimestamp Later => ServerTimestamp.Now(time).Plus(1_000_000);

    private TombstoneSweep Sweep(TimeSpan retention) => new(store, buckets, new BucketOptions { TombstoneRetention = retention }, time);

    private static PutRecord Put(string record) => new(ObjectRef.Record("tasks", record), Encoding.UTF8.GetBytes("{}"));

    private async Task<ServerTimestamp> PutAsync(string record) => Assert.IsType<RecordWritten>(await ExecuteAsync(Put(record))).Record.Modified;

    private async Task<ServerTimestamp> DeleteAsync(string record) =>
        Assert.IsType<RecordDeleted>(await ExecuteAsync(new DeleteRecord(ObjectRef.Record("tasks", record), Hint: null))).Tombstone.Modified;

    private async Task<long> PurgeAsync(int limit = 100) =>
        Assert.IsType<CountFound>(await ExecuteAsync(new PurgeTombstones(Tasks, Later, limit))).Count;

    private async Task<PageFound> ListAsync(long? since = null, PageCursor? cursor = null, int limit = 100) =>
        Assert.IsType<PageFound>(await ExecuteAsync(new ListRecords(Tasks, new ListQuery
        {
            Since = since is { } stamp ? new ServerTimestamp(stamp) : null,
            Cursor = cursor,
            Limit = limit,
        })));

    private async Task<Outcome> ExecuteAsync(Operation operation) =>
        (await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes[0];
}
