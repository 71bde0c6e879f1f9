using System.Threading.Channels;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Shards;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>Each bucket in its database, and what spans them.</summary>
public sealed class ShardedStoreTests(TestShards shards) : IClassFixture<TestShards>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private IBucketStore Store => shards.Shards.Buckets;

    private IBucketIndex Index => shards.Shards.Index;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Bucket_LiesInTheDatabaseThatTheMapSays_AndIsHeldThere(int number)
    {
        var id = TestShards.NewId(number);
        await CommitAsync(Store, id);

        for (var database = 0; database < 2; database++)
        {
            Assert.Equal(
                database == number ? 1L : 0L,
                await PostgresServer.QueryAsync(shards.Connections[database], $"SELECT count(*) FROM buckets WHERE id = '{id}'"));
        }

        var heads = await Store.LoadAsync(id, claim: true, default);
        Assert.True(Store.IsCurrent(heads!));
    }

    [Fact]
    public async Task BucketsWithTheSameRowNumber_AreKeptApart()
    {
        // New databases count from 1, and these are kept in step.
        var stores = new[] { new InMemoryBucketStore(), new InMemoryBucketStore() };
        var store = new ShardedBucketStore(stores, TestShards.Map);
        var keys = new List<BucketKey>();
        for (var number = 0; number < 2; number++)
        {
            keys.Add(await CommitAsync(store, TestShards.NewId(number), $"of {number}"));
        }

        Assert.Equal(keys[0].Row, keys[1].Row);
        for (var number = 0; number < 2; number++)
        {
            var scanned = await store.ScanAsync(new RecordScan(keys[number], 1, new ListQuery { Limit = 0 }, 10, long.MaxValue), default);
            Assert.Equal($"of {number}", Assert.Single(scanned.Records).Id);
            Assert.Single(await store.ReadAsync(keys[number], [new RecordKey(1, $"of {number}")], Projection.Whole, default));
            Assert.Equal(1, (await store.CountAsync(new RecordScan(keys[number], 1, new ListQuery { Limit = 0, Ids = [$"of {number}"] }, 10, 10), default)).Count);
        }
    }

    [Fact]
    public void Heads_AreCurrent_IfTheirOwnDatabaseSaysSo()
    {
        var store = new ShardedBucketStore([new LostStore(), new InMemoryBucketStore()], TestShards.Map);

        Assert.False(store.IsCurrent(BucketHeads.Unwritten(TestShards.NewId(0))));
        Assert.True(store.IsCurrent(BucketHeads.Unwritten(TestShards.NewId(1))));
    }

    [Fact]
    public async Task TakeOver_InEitherDatabase_IsToldToTheOneThatHeldTheBucket()
    {
        await using var other = await PostgresShards.OpenAsync(TestShards.Options(shards.Connections), TimeProvider.System, _ => { });
        var told = Channel.CreateUnbounded<BucketId>();
        Store.OnTakenOver(id => told.Writer.TryWrite(id));
        var ids = new[] { TestShards.NewId(0), TestShards.NewId(1) };
        foreach (var id in ids)
        {
            await CommitAsync(Store, id);
            await other.Buckets.LoadAsync(id, claim: true, default);
        }

        // Other tests share the databases.
        using var patience = new CancellationTokenSource(Patience);
        var heard = new HashSet<BucketId>();
        while (!heard.IsSupersetOf(ids))
        {
            heard.Add(await told.Reader.ReadAsync(patience.Token));
        }
    }

    [Fact]
    public async Task Lists_ThatSpanBuckets_HaveThoseOfAllDatabases_UpToTheLimit()
    {
        var author = $"account:{Guid.NewGuid()}";
        var ids = Enumerable.Range(0, 6).Select(i => TestShards.NewId(i % 2)).ToList();
        foreach (var id in ids)
        {
            await CommitAsync(Store, id, author: author);
        }

        var scan = new BucketScan(author, new ListQuery { Limit = 10 }, 10);
        var listed = (await Index.ListByAuthorAsync(scan, default)).Entries;
        var existing = await Index.ListExistingAsync(null, 1000, default);

        Assert.Equal(ids.Select(id => id.Value).Order(StringComparer.Ordinal), listed.Select(entry => entry.Id.Value).Order(StringComparer.Ordinal));
        Assert.Equal(4, (await Index.ListByAuthorAsync(scan with { Limit = 4 }, default)).Entries.Count);
        Assert.Subset(existing.ToHashSet(), ids.ToHashSet());
        Assert.Equal(existing.Take(3), await Index.ListExistingAsync(null, 3, default));
    }

    [Fact]
    public async Task Purge_WhileOneDatabaseHangs_GoesOnInTheOther()
    {
        var hung = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var works = new PurgedStore(() => Task.FromResult(true));
        var store = new ShardedMaintenance([new PurgedStore(() => hung.Task), works]);

        for (var step = 1; step <= 5; step++)
        {
            Assert.True(await store.PurgeAsync(10, default).AsTask().WaitAsync(Patience));
        }

        Assert.True(works.Steps >= 5);
        works.Next = () => Task.FromResult(false);
        var last = store.PurgeAsync(10, default).AsTask();
        Assert.False(last.IsCompleted);
        hung.SetResult(false);
        Assert.False(await last.WaitAsync(Patience));
    }

    [Fact]
    public async Task Purge_WhereOneDatabaseFails_TellsItOnceTheOtherIsDone()
    {
        var left = 3;
        var works = new PurgedStore(() => Task.FromResult(left-- > 0));
        var store = new ShardedMaintenance([new PurgedStore(() => throw new StoreUnavailableException("Away.")), works]);

        for (var steps = 0; ; steps++)
        {
            Assert.True(steps < 10, "The purge does not end.");
            try
            {
                Assert.True(await store.PurgeAsync(10, default));
            }
            catch (StoreUnavailableException) when (left < 0)
            {
                break;
            }
            catch (StoreUnavailableException)
            {
                Assert.Fail($"It gave up with {left} steps left.");
            }
        }
    }

    [Fact]
    public async Task Purge_RemovesOrphansOfBothDatabases()
    {
        foreach (var number in new[] { 0, 1 })
        {
            var id = TestShards.NewId(number);
            var key = await CommitAsync(Store, id);
            var heads = (await Store.LoadAsync(id, claim: false, default))!;
            await Store.CommitAsync(new BucketCommit(heads with { Row = key.Row, Version = 2, Clock = new(200), Exists = false }, Guid.NewGuid(), [], [ListRef.Self], [1], []));
        }

        while (await shards.Shards.Maintenance.PurgeAsync(10, default))
        {
        }

        foreach (var connection in shards.Connections)
        {
            Assert.Equal(0L, await PostgresServer.QueryAsync(connection, "SELECT count(*) FROM orphans"));
        }
    }

    private static async Task<BucketKey> CommitAsync(IBucketStore store, BucketId id, string record = "bucket", string author = "account:alice")
    {
        var heads = BucketHeads.Unwritten(id) with { Version = 1, Clock = new(100), Exists = true, Author = author };
        var list = new ListHead { List = ListRef.Self, Key = 1, RowsModified = new(100), Touched = new(100), Count = 1 };
        var row = new StoredRecord { Id = record, Modified = new(100), Body = "{}"u8.ToArray() };
        var outcome = await store.CommitAsync(new BucketCommit(heads, Guid.NewGuid(), [list], [], [], [KeyValuePair.Create(1, row)]));
        Assert.Equal(CommitStatus.Done, outcome.Status);
        return new BucketKey(id, outcome.Row);
    }

    /// <summary>Holds no lease.</summary>
    private sealed class LostStore() : DelegatingBucketStore(new InMemoryBucketStore())
    {
        public override bool IsCurrent(BucketHeads heads) => false;
    }

    /// <summary>Purges as it is told to.</summary>
    private sealed class PurgedStore(Func<Task<bool>> next) : IStoreMaintenance
    {
        public int Steps { get; private set; }

        public Func<Task<bool>> Next { get; set; } = next;

        public async ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken)
        {
            Steps++;
            return await Next();
        }

        public ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) => ValueTask.FromResult(true);
    }
}
