using System.Collections.Concurrent;
using System.Diagnostics;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Testing;
using Npgsql;
using Xunit.Abstractions;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>One bucket's trouble is not another's.</summary>
public sealed class CommitTests(TestDatabase database, ITestOutputHelper log) : IClassFixture<TestDatabase>
{
    private static readonly Caller Alice = new("account:alice", IsDefaultBucket: true);

    [Fact]
    public async Task PoisonRow_FailsAlone_AndTheOthersOfItsTransactionAreStored()
    {
        await database.ExecuteAsync("ALTER TABLE records ADD CONSTRAINT poison CHECK (id <> 'poison') NOT VALID");
        var buckets = Buckets();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => PutAsync(buckets, NewId(), i % 13 == 7 ? "poison" : "fine"))));

        for (var i = 0; i < outcomes.Length; i++)
        {
            Assert.True(i % 13 == 7 ? outcomes[i].Equals(Unavailable.StoreFailed) : outcomes[i] is RecordWritten, $"{i}: {outcomes[i]}");
        }
    }

    [Fact]
    public async Task PoisonRow_FailsAlone_AlsoAmongTheRequestsOfItsBucket()
    {
        await database.ExecuteAsync("ALTER TABLE records ADD CONSTRAINT poison2 CHECK (id <> 'poison2') NOT VALID");
        var (buckets, id) = (Buckets(), NewId());
        await PutAsync(buckets, id, "first");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => PutAsync(buckets, id, i == 31 ? "poison2" : $"fine{i}"))));

        Assert.Equal(63, outcomes.Count(outcome => outcome is RecordWritten));
        Assert.Equal(Unavailable.StoreFailed, outcomes[31]);
    }

    [Fact]
    public async Task LockedBucket_OnlyItsOwnWritesWait_AndAreToldWhenItLastsTooLong()
    {
        var other = await database.OpenAsync(options => options with { LockTimeout = TimeSpan.FromSeconds(1) });
        var (buckets, locked) = (Buckets(other), NewId());
        await PutAsync(buckets, locked, "before");
        await using var source = NpgsqlDataSource.Create(database.Connection);
        await using var holder = await source.OpenConnectionAsync();
        await using (var transaction = await holder.BeginTransactionAsync())
        {
            await using var command = new NpgsqlCommand($"SELECT FROM buckets WHERE id = '{locked}' FOR UPDATE", holder, transaction);
            await command.ExecuteNonQueryAsync();
            var waiting = Task.Run(() => PutAsync(buckets, locked, "during"));

            var others = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => PutAsync(buckets, NewId(), "a"))));

            Assert.All(others, outcome => Assert.IsType<RecordWritten>(outcome));
            Assert.False(waiting.IsCompleted, "The locked bucket's write did not wait.");
            Assert.Equal(Unavailable.StoreFailed, await waiting);
        }

        Assert.IsType<RecordWritten>(await PutAsync(buckets, locked, "after"));
    }

    [Fact]
    public async Task LockedBucket_LetGoInTime_IsWritten()
    {
        var (buckets, locked) = (Buckets(), NewId());
        await PutAsync(buckets, locked, "before");
        await using var source = NpgsqlDataSource.Create(database.Connection);
        await using var holder = await source.OpenConnectionAsync();
        Task<Outcome> waiting;
        await using (var transaction = await holder.BeginTransactionAsync())
        {
            await using var command = new NpgsqlCommand($"SELECT FROM buckets WHERE id = '{locked}' FOR UPDATE", holder, transaction);
            await command.ExecuteNonQueryAsync();
            waiting = Task.Run(() => PutAsync(buckets, locked, "during"));
            await PutAsync(buckets, NewId(), "other");
        }

        Assert.IsType<RecordWritten>(await waiting);
    }

    [Fact]
    public async Task GiantWriteAndPoison_BesideManySmallWriters_DisturbNobody()
    {
        await database.ExecuteAsync("ALTER TABLE records ADD CONSTRAINT poison3 CHECK (id <> 'poison3') NOT VALID");
        var buckets = Buckets();
        await LoadAsync(buckets, disturb: () => Task.CompletedTask);
        var quiet = await LoadAsync(buckets, disturb: () => Task.CompletedTask);
        var giants = new List<Outcome>();

        var disturbed = await LoadAsync(buckets, async () =>
        {
            Assert.Equal(Unavailable.StoreFailed, await PutAsync(buckets, NewId(), "poison3"));
            giants.Add(await PutAsync(buckets, NewId(), "giant", new byte[50 << 20]));
        });

        Assert.NotEmpty(giants);
        Assert.All(giants, giant => Assert.IsType<RecordWritten>(giant));
        log.WriteLine($"200 writers alone: {quiet}; beside {giants.Count} writes of 50 MB and as many poison rows: {disturbed}");
    }

    [Fact]
    public async Task ManyNewBucketsByTwoProcesses_AtOnce_EachIsMadeOnce()
    {
        var processes = new[] { Buckets(), Buckets(await database.OpenAsync()) };
        var ids = Enumerable.Range(0, 50).Select(_ => NewId()).ToList();

        var outcomes = await Task.WhenAll(ids.SelectMany(id => processes.Select((process, i) => Task.Run(() => PutAsync(process, id, $"p{i}")))));

        Assert.All(outcomes, outcome => Assert.IsType<RecordWritten>(outcome));
        foreach (var id in ids)
        {
            Assert.Equal(2L, await database.QueryAsync($"SELECT count(*) FROM records r JOIN buckets b USING (bucket) WHERE b.id = '{id}' AND r.id LIKE 'p_'"));
        }
    }

    private static BucketId NewId() => BucketId.DefaultBucket(Guid.NewGuid().ToString());

    private static async Task<Outcome> PutAsync(InProcessBuckets buckets, BucketId id, string record, byte[]? body = null) =>
        (await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [new PutRecord(ObjectRef.Record("tasks", record), body ?? "{}"u8.ToArray())]), default)).Outcomes[0];

    /// <summary>200 buckets, each with a writer of its own, and something that goes on meanwhile.</summary>
    private static async Task<string> LoadAsync(InProcessBuckets buckets, Func<Task> disturb)
    {
        var latencies = new ConcurrentBag<TimeSpan>();
        using var ended = new CancellationTokenSource();
        var disturbing = Task.Run(async () =>
        {
            do
            {
                await disturb();
                await Task.Yield();
            }
            while (!ended.IsCancellationRequested && latencies.Count < 100_000);
        });
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(async () =>
        {
            var id = NewId();
            for (var i = 0; i < 50; i++)
            {
                var begun = Stopwatch.GetTimestamp();
                Assert.IsType<RecordWritten>(await PutAsync(buckets, id, $"r{i % 10}"));
                latencies.Add(Stopwatch.GetElapsedTime(begun));
            }
        })));
        await ended.CancelAsync();
        await disturbing;
        var sorted = latencies.Order().ToList();
        return $"p50 {sorted[sorted.Count / 2].TotalMilliseconds:F1} ms, p99 {sorted[sorted.Count * 99 / 100].TotalMilliseconds:F1} ms";
    }

    private InProcessBuckets Buckets(PostgresDatabase? process = null) =>
        new(new PostgresBucketStore(process ?? database.Database), new BucketOptions { MaxQueuedBytes = 128 << 20 }, TimeProvider.System);
}
