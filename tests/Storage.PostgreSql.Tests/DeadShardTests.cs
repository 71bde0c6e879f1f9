using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Shards;
using Lockstep.Storage.PostgreSql.Testing;
using Npgsql;
using Xunit.Abstractions;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>A database that is killed takes its own buckets along and no others.</summary>
public sealed class DeadShardTests(ITestOutputHelper log)
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // A bucket of a living database answers in milliseconds, if the machine has time; one that waits for the dead one, in 15 seconds.
    private static readonly TimeSpan Bearable = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Database_Killed_TakesItsBucketsAlongAndNoOthers_AndTheyComeBack(int dead)
    {
        await using var server = await OwnPostgres.StartAsync();
        var other = await PostgresServer.CreateDatabaseAsync();
        try
        {
            string[] connections = dead == 0 ? [server.Connection, other] : [other, server.Connection];
            await using var shards = await PostgresShards.OpenAsync(TestShards.Options(connections), TimeProvider.System, _ => { });
            var buckets = new InProcessBuckets(shards.Buckets, new BucketOptions(), TimeProvider.System);
            var lost = Enumerable.Range(0, 4).Select(_ => TestShards.NewId(dead)).ToList();
            var living = Enumerable.Range(0, 4).Select(_ => TestShards.NewId(1 - dead)).ToList();
            var written = new ConcurrentDictionary<BucketId, int>();
            var beside = new Tally();
            foreach (var id in lost.Concat(living))
            {
                Assert.IsType<RecordWritten>(await WriteAsync(id));
            }

            // :: Killed while all are written to
            using var stop = new CancellationTokenSource();
            var slowest = TimeSpan.Zero;
            var writing = living.Select(id => Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    var begun = Stopwatch.GetTimestamp();
                    Assert.IsType<RecordWritten>(await WriteAsync(id));
                    Assert.IsType<PageFound>(await ExecuteAsync(id, new ListRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 10 })));
                    beside.Add();
                    lock (stop)
                    {
                        slowest = TimeSpan.FromTicks(Math.Max(slowest.Ticks, Stopwatch.GetElapsedTime(begun).Ticks));
                    }
                }
            })).ToList();
            var trying = lost.Select(id => Task.Run(() => WriteAsync(id))).ToList();
            await server.KillAsync();

            // :: Away
            Assert.All(await Task.WhenAll(trying).WaitAsync(Patience), static outcome => Assert.True(outcome is RecordWritten or Unavailable, $"{outcome}"));
            foreach (var id in lost)
            {
                Assert.IsType<Unavailable>(await WriteAsync(id).WaitAsync(Patience));
                Assert.IsType<Unavailable>(await ExecuteAsync(id, new ReadRecord(ObjectRef.Record("tasks", "r0"))).WaitAsync(Patience));
            }

            await Eventually.HoldsAsync("as healthy as the home database", async () => await shards.Maintenance.IsHealthyAsync(default) == (dead == 1));
            await Assert.ThrowsAsync<StoreUnavailableException>(() => shards.Index.ListByAuthorAsync(new BucketScan("account:alice", new ListQuery { Limit = 10 }, 10), default).AsTask());
            await Assert.ThrowsAsync<StoreUnavailableException>(() => shards.Maintenance.PurgeAsync(10, default).AsTask());
            await beside.RisesAsync(100);

            // :: Back
            await server.RestartAsync();
            foreach (var id in lost)
            {
                await Eventually.HoldsAsync("writable again", async () => await WriteAsync(id) is RecordWritten);
            }

            await Eventually.HoldsAsync("healthy again", async () => await shards.Maintenance.IsHealthyAsync(default));
            await stop.CancelAsync();
            await Task.WhenAll(writing).WaitAsync(Patience);
            log.WriteLine($"{living.Sum(id => written[id])} writes beside the dead one, the slowest took {slowest}");
            Assert.True(slowest < Bearable, $"A write and a read took {slowest}.");
            foreach (var (id, count) in written)
            {
                var page = Assert.IsType<PageFound>(await ExecuteAsync(id, new ListRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 100_000 })));
                Assert.Subset(page.Records.Select(record => record.Id).ToHashSet(), Enumerable.Range(0, count).Select(i => $"r{i}").ToHashSet());
            }

            // A record is counted once it was acknowledged; one that was not is written again under the same id.
            async Task<Outcome> WriteAsync(BucketId id)
            {
                var number = written.GetOrAdd(id, 0);
                var outcome = await ExecuteAsync(id, new PutRecord(ObjectRef.Record("tasks", $"r{number}"), Encoding.UTF8.GetBytes("{}")));
                if (outcome is RecordWritten)
                {
                    written[id] = number + 1;
                }

                return outcome;
            }

            async Task<Outcome> ExecuteAsync(BucketId id, Operation operation) =>
                (await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes[0];
        }
        finally
        {
            await PostgresServer.DropDatabaseAsync(other);
        }
    }

    [Fact]
    public async Task Database_AwayAtTheStart_IsTakenInWhenItIsBack_AndOnlyIfItIsTheRightOne()
    {
        await using var server = await OwnPostgres.StartAsync();
        var home = await PostgresServer.CreateDatabaseAsync();
        try
        {
            var options = TestShards.Options(home, server.Connection);
            await PostgresServer.ExecuteAsync(server.Connection, "CREATE DATABASE mistaken ENCODING 'UTF8' TEMPLATE template0");
            await PostgresDatabase.MigrateAsync(options, default);
            await server.KillAsync();

            // :: Started without it
            // At the database's time, or they would not be healthy.
            var (time, wrongTime) = (new FakeTime(TimeProvider.System.GetUtcNow()), new FakeTime(TimeProvider.System.GetUtcNow()));
            var faults = Channel.CreateUnbounded<Exception>();
            var mistaken = new NpgsqlConnectionStringBuilder(server.Connection) { Database = "mistaken" }.ConnectionString;
            await using var shards = await PostgresShards.OpenAsync(options, time, _ => { });
            await using var wrong = await PostgresShards.OpenAsync(TestShards.Options(home, mistaken), wrongTime, fault => faults.Writer.TryWrite(fault));
            var (near, far) = (TestShards.NewId(0), TestShards.NewId(1));
            var told = new TaskCompletionSource<BucketId>(TaskCreationOptions.RunContinuationsAsynchronously);
            shards.Buckets.OnTakenOver(id => told.TrySetResult(id));
            Assert.Equal(CommitStatus.Done, (await shards.Buckets.CommitAsync(First(near))).Status);
            Assert.True(await shards.Maintenance.IsHealthyAsync(default));
            Assert.Equal(CommitOutcome.NotExecuted, await shards.Buckets.CommitAsync(First(far)));
            await Assert.ThrowsAsync<StoreUnavailableException>(() => shards.Buckets.LoadAsync(far, claim: false, default).AsTask());
            await Assert.ThrowsAsync<StoreUnavailableException>(() => shards.Index.ListExistingAsync(null, 10, default).AsTask());
            await Assert.ThrowsAsync<StoreUnavailableException>(() => shards.Maintenance.PurgeAsync(10, default).AsTask());
            var alice = (await shards.Accounts.AddAsync("alice", "hash", new(1), default))!;
            await shards.Accounts.BeginDeletionAsync("alice", expected: null, default);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => shards.Accounts.CloseAsync(alice.Number, default).AsTask());
            await Assert.ThrowsAsync<StoreUnavailableException>(() => shards.Accounts.EndDeletionAsync(alice, "account:alice", default).AsTask());
            Assert.NotNull(await shards.Accounts.FindAsync("alice", default));

            // :: The commands that need all of them say so.
            Assert.Contains(
                "Postgres:Shards:1 cannot be used",
                (await Assert.ThrowsAsync<PostgresSetupException>(() => PostgresDatabase.MigrateAsync(options, default))).Message,
                StringComparison.Ordinal);

            // :: Back
            await server.RestartAsync();
            await PassPauseAsync(time);
            await shards.Others[0].Opening.WaitAsync(Patience);
            Assert.Equal(CommitStatus.Done, (await shards.Buckets.CommitAsync(First(far))).Status);
            await using (var other = await PostgresShards.OpenAsync(options, TimeProvider.System, _ => { }))
            {
                await other.Buckets.LoadAsync(far, claim: true, default);
            }

            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(far, await told.Task.WaitAsync(Patience));
            await PassPauseAsync(wrongTime);
            using var patience = new CancellationTokenSource(Patience);
            Assert.DoesNotContain("names an empty database", (await faults.Reader.ReadAsync(patience.Token)).Message, StringComparison.Ordinal);
            Assert.Contains("names an empty database", (await faults.Reader.ReadAsync(patience.Token)).Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => wrong.Buckets.LoadAsync(far, claim: false, default).AsTask());
            Assert.Equal(0L, await PostgresServer.QueryAsync(mistaken, "SELECT count(*) FROM meta"));

            // Timers are the home database's lease, and the pause after a try that failed.
            static async Task PassPauseAsync(FakeTime time)
            {
                await time.Timers.ReachesAsync(2);
                time.Advance(TimeSpan.FromSeconds(2));
            }
        }
        finally
        {
            await PostgresServer.DropDatabaseAsync(home);
        }
    }

    [Fact]
    public async Task FirstStart_WithADatabaseThatIsAway_IsRefused()
    {
        await using var server = await OwnPostgres.StartAsync();
        await server.KillAsync();
        var home = await PostgresServer.CreateDatabaseAsync();
        try
        {
            var e = await Assert.ThrowsAsync<PostgresSetupException>(
                () => PostgresShards.OpenAsync(TestShards.Options(home, server.Connection), TimeProvider.System, _ => { }));
            Assert.Contains("Postgres:Shards:1 cannot be used", e.Message, StringComparison.Ordinal);
            Assert.Equal(0L, await PostgresServer.QueryAsync(home, "SELECT count(*) FROM meta WHERE name = 'shards'"));
        }
        finally
        {
            await PostgresServer.DropDatabaseAsync(home);
        }
    }

    private static BucketCommit First(BucketId id) =>
        new(BucketHeads.Unwritten(id) with { Version = 1, Clock = new(100) }, Guid.NewGuid(), [], [], [], []);

    [Fact]
    public async Task Database_ThatHangs_KeepsFewRequestsWaiting_AndIsBackWhenItAnswers()
    {
        await using var server = await OwnPostgres.StartAsync();
        var other = await PostgresServer.CreateDatabaseAsync();
        try
        {
            var time = new FakeTime();
            await using var shards = await PostgresShards.OpenAsync(TestShards.Options(other, server.Connection), time, _ => { });
            var lease = shards.Others[0].Get().Lease;
            var ids = Enumerable.Range(0, 200).Select(_ => TestShards.NewId(1)).ToList();
            await server.PauseAsync();
            List<Task> early;
            try
            {
                // Those that came before the lease was missed wait; from then on only so many.
                early = ids.Take(50).Select(LoadAsync).ToList();
                time.Advance(TimeSpan.FromSeconds(10));
                var late = ids.Select(LoadAsync).ToList();
                Assert.All(late, static load => Assert.True(load.IsFaulted));
                Assert.All(early, static load => Assert.False(load.IsCompleted));
                Assert.Null(await shards.Buckets.LoadAsync(TestShards.NewId(0), claim: false, default).AsTask().WaitAsync(Patience));
            }
            finally
            {
                await server.ResumeAsync();
            }

            // Whatever they end with.
            await Task.WhenAll(early).WaitAsync(Patience).ContinueWith(static _ => { }, TaskScheduler.Default);
            Assert.All(early, static load => Assert.True(load.IsCompleted));
            for (var renewals = 0; !lease.IsHeld; renewals++)
            {
                Assert.True(renewals < 5, "The lease is not renewed.");
                var round = lease.Round;
                time.Advance(TimeSpan.FromSeconds(1));
                await round.WaitAsync(Patience);
            }

            await Task.WhenAll(ids.Select(LoadAsync)).WaitAsync(Patience);

            Task LoadAsync(BucketId id) => shards.Buckets.LoadAsync(id, claim: false, default).AsTask();
        }
        finally
        {
            await PostgresServer.DropDatabaseAsync(other);
        }
    }

    [Fact]
    public async Task Database_AwayAtTheStart_IsTriedAgain_ThoughTheListenerOfFaultsThrows()
    {
        var (time, tries) = (new FakeTime(), new Tally());
        await using var shard = new ShardDatabase(
            "Postgres:Shards:1",
            _ =>
            {
                tries.Add();
                throw new InvalidOperationException("It is away.");
            },
            time,
            static _ => throw new InvalidOperationException("No."));

        await time.Timers.ReachesAsync(1);
        time.Advance(TimeSpan.FromSeconds(2));
        await tries.ReachesAsync(2);
    }
}
