using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Live;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Storage.Contract;
using static Lockstep.Core.Tests.SharedBucket;

namespace Lockstep.Core.Tests;

/// <summary>What is told of a bucket's changes: hints that come once what they tell of can be read.</summary>
public sealed class LiveFeedTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly SharedBucket shared = SharedBucket.Create(new BucketOptions());

    private LiveFeed Feed => shared.Buckets.Feed;

    public void Dispose() => shared.Dispose();

    [Fact]
    public async Task Watch_ThatBegins_IsToldAtOnce_AndThenWaits()
    {
        var first = await NextAsync(default);

        Assert.NotEqual(0, first.Position.Epoch);
        Assert.Null(first.Collections);
        Assert.False(Feed.NextAsync(Shop, first.Position, CancellationToken.None).AsTask().IsCompleted);
    }

    [Fact]
    public async Task Write_ThatIsCommitted_IsToldWithItsCollection_AndCanBeReadThen()
    {
        await MakeAsync();
        var position = (await NextAsync(default)).Position;
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "before")));
        position = (await NextAsync(position)).Position;
        var waiting = NextAsync(position);

        var written = await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a")));

        var notice = await waiting;
        Assert.Equal(["c"], notice.Collections);
        Assert.Equal(written.Record.Modified, notice.Stamp);
        Assert.IsType<RecordFound>(await shared.ExecuteAsync(Alice, new ReadRecord(ObjectRef.Record("c", "a"))));
    }

    [Fact]
    public async Task Writes_BetweenTwoQuestions_AreOneNotice()
    {
        await MakeAsync();
        var position = (await NextAsync(default)).Position;
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "before")));
        position = (await NextAsync(position)).Position;

        foreach (var (collection, id) in new[] { ("c", "a"), ("d", "b"), ("c", "a") })
        {
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record(collection, id)));
        }

        var notice = await NextAsync(position);
        Assert.Equal(["c", "d"], notice.Collections!.Order(StringComparer.Ordinal));
        Assert.False(Feed.NextAsync(Shop, notice.Position, CancellationToken.None).AsTask().IsCompleted);
    }

    [Fact]
    public async Task History_ThatIsKept_IsNoChangeOfAnythingThatStreamsTellOf()
    {
        using var buckets = new InProcessBuckets(new InMemoryBucketStore(), new BucketOptions(), shared.Time, history: new PlainHistoryForm());
        foreach (var target in new[] { ObjectRef.Bucket, ObjectRef.Collection("c"), ObjectRef.Record("c", "a") })
        {
            await DoAsync(Put(target));
        }

        var position = await buckets.Feed.NextAsync(Shop, default, CancellationToken.None);
        await DoAsync(Put(ObjectRef.Record("c", "b")));
        position = await buckets.Feed.NextAsync(Shop, position.Position, CancellationToken.None);

        // What the record was before is kept, and that it was changed is told.
        await DoAsync(Put(ObjectRef.Record("c", "a")));
        position = await buckets.Feed.NextAsync(Shop, position.Position, CancellationToken.None);
        Assert.Equal(["c"], position.Collections);

        Assert.NotEmpty(Assert.IsType<RecordsDeleted>(await DoAsync(new DeleteRecords(ListRef.History, new ListQuery { Limit = 100 }))).Tombstones);
        position = await buckets.Feed.NextAsync(Shop, position.Position, CancellationToken.None);
        Assert.Empty(position.Collections!);

        async Task<Outcome> DoAsync(Operation operation) => (await buckets.Get(Shop).ExecuteAsync(new BucketRequest(Alice, [operation]), CancellationToken.None)).Outcomes[0];
    }

    [Fact]
    public async Task Right_ThatChanges_IsToldAsWhatever()
    {
        await MakeAsync();
        var position = (await NextAsync(default)).Position;
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "before")));
        position = (await NextAsync(position)).Position;

        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers("account:bob#2")));

        Assert.Null((await NextAsync(position)).Collections);
    }

    [Fact]
    public async Task Changes_OfMoreCollectionsThanAreRemembered_AreToldAsWhatever()
    {
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket));
        for (var i = 0; i < 70; i++)
        {
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection($"c{i}")));
        }

        var position = (await NextAsync(default)).Position;
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c0", "before")));
        position = (await NextAsync(position)).Position;
        for (var i = 0; i < 70; i++)
        {
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record($"c{i}", "a")));
        }

        Assert.Null((await NextAsync(position)).Collections);
    }

    [Fact]
    public async Task Owner_ThatLeavesAndComesBack_TellsOn()
    {
        await MakeAsync();
        var position = (await NextAsync(default)).Position;
        await shared.Buckets.CloseAsync(Shop, CancellationToken.None);
        Assert.Equal(0, shared.Buckets.Count);
        var waiting = NextAsync(position);
        Assert.False(waiting.IsCompleted);

        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a")));

        Assert.Equal(position.Epoch, (await waiting).Position.Epoch);
    }

    /// <summary>While it was elsewhere it told nobody here.</summary>
    [Fact]
    public async Task Owner_ThatComes_TellsThatItMayBeAnything_BeforeItHasCommittedAnything()
    {
        await MakeAsync();
        await shared.Buckets.CloseAsync(Shop, CancellationToken.None);
        var position = (await NextAsync(default)).Position;
        var waiting = NextAsync(position);
        Assert.False(waiting.IsCompleted);

        await shared.ExecuteAsync(Alice, new ReadRecord(ObjectRef.Record("c", "a")));

        Assert.Null((await waiting).Collections);
    }

    [Fact]
    public async Task Watch_ThatNobodyAsksForAnyMore_IsOver_AndTheNextOneIsAnother()
    {
        await MakeAsync();
        var before = (await NextAsync(default)).Position;

        shared.Time.Advance(TimeSpan.FromMinutes(2));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a")));
        var after = await NextAsync(before);

        Assert.NotEqual(before.Epoch, after.Position.Epoch);
        Assert.Null(after.Collections);
    }

    [Fact]
    public async Task Watches_OfManyBucketsThatWereLeft_AreSwept()
    {
        for (var i = 0; i < 100; i++)
        {
            await Feed.NextAsync(BucketId.Named($"b{i}"), default, CancellationToken.None);
        }

        shared.Time.Advance(TimeSpan.FromMinutes(2));
        await NextAsync(default);

        Assert.Equal(1, Feed.Count);
    }

    [Fact]
    public async Task Release_LetsThoseGoWhoWait_AndEndLetsNobodyWait()
    {
        var position = (await NextAsync(default)).Position;
        var waiting = NextAsync(position);

        Feed.Release(Shop);

        // It asks again by itself, and hears that the watch is another one.
        var released = await waiting;
        Assert.NotEqual(position.Epoch, released.Position.Epoch);
        var ending = NextAsync(released.Position);
        Feed.End();
        Assert.Equal(released.Position, (await ending).Position);
        Assert.Equal(default, (await NextAsync(default)).Position);
    }

    [Fact]
    public async Task Patience_ThatIsOver_TellsNothing()
    {
        var position = (await NextAsync(default)).Position;
        var waiting = Feed.NextAsync(Shop, position, TimeSpan.FromSeconds(30), CancellationToken.None).AsTask();

        shared.Time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(position, (await waiting.WaitAsync(Deadline)).Position);
    }

    [Fact]
    public async Task Takeover_ByAnotherProcess_IsToldAsWhatever()
    {
        await MakeAsync();
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a")));
        var watch = new WatchedBucket(Shop, shared.Time);
        var position = (await watch.NextAsync(default, TimeSpan.Zero, CancellationToken.None))!.Position;

        Assert.True(watch.TellAll());

        Assert.Null((await watch.NextAsync(position, TimeSpan.Zero, CancellationToken.None))!.Collections);
    }

    [Fact]
    public async Task Takeover_OfABucketWhoseOwnerIsNotInMemory_IsTold()
    {
        var store = new SharedStore(shared.Memory);
        using var buckets = new InProcessBuckets(store, new BucketOptions(), shared.Time);
        var position = (await buckets.Feed.NextAsync(Shop, default, CancellationToken.None)).Position;
        var waiting = buckets.Feed.NextAsync(Shop, position, CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);

        store.TakeOver(Shop);

        var notice = await waiting.WaitAsync(Deadline);
        Assert.Equal((position.Epoch, 0, true), (notice.Position.Epoch, buckets.Count, notice.Position.Sequence > position.Sequence));
        Assert.Null(notice.Collections);
    }

    [Fact]
    public async Task Owner_ThatIsToldLateOfAWatchThatIsOver_TellsTheOneThatIsThere()
    {
        await MakeAsync();
        await NextAsync(default);
        var former = Feed.Find(Shop)!;
        Feed.Release(Shop);
        var position = (await NextAsync(default)).Position;
        shared.Buckets.Watch(former);
        var waiting = NextAsync(position);

        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a")));

        Assert.Equal(position.Epoch, (await waiting).Position.Epoch);
    }

    private async Task MakeAsync()
    {
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c")));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("d")));
    }

    private Task<ChangeNotice> NextAsync(FeedPosition seen) => Feed.NextAsync(Shop, seen, CancellationToken.None).AsTask().WaitAsync(Deadline);
}
