using System.Collections.Concurrent;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Commits;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>One bucket's trouble is not another's.</summary>
public sealed class CommitTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);

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
    public async Task LockedBucket_WhoseNextTryFails_IsToldThatItWasNotWritten()
    {
        var process = await database.OpenAsync();
        var id = NewId();
        await PutAsync(Buckets(process), id, "before");
        var heads = (await new PostgresBucketStore(process).LoadAsync(id, claim: false, default))!;
        await using var source = NpgsqlDataSource.Create(database.Connection);
        await using var holder = await source.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using var command = new NpgsqlCommand($"SELECT FROM buckets WHERE id = '{id}' FOR UPDATE", holder, transaction);
        await command.ExecuteNonQueryAsync();
        var faults = new ConcurrentQueue<Exception>();

        // The clock is looked at when the commit queues, twice for what its transaction may take, and when it was found locked.
        await using var queue = new CommitQueue(source, process.Lease, database.Options, new FaultyTime { FailTimestamp = 4 }, faults.Enqueue, process.Metrics);
        var outcome = await queue.CommitAsync(new BucketCommit(heads with { Version = heads.Version + 1, Clock = heads.Clock.Plus(1) }, Guid.NewGuid(), [], [], [], []))
            .WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(CommitOutcome.NotExecuted, outcome);
        Assert.Single(faults);
    }

    [Fact]
    public async Task GiantWriteAndPoison_BesideManySmallWriters_DisturbNobody()
    {
        // :: Giants on every lane stop in the middle of their transactions, and one more has none
        const int gate = 4711;
        await database.ExecuteAsync("ALTER TABLE records ADD CONSTRAINT poison3 CHECK (id <> 'poison3') NOT VALID");
        await database.ExecuteAsync(
            $"CREATE FUNCTION stop_at_gate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared({gate}); RETURN new; END'");
        await database.ExecuteAsync("CREATE TRIGGER gate BEFORE INSERT ON records FOR EACH ROW WHEN (new.id = 'giant') EXECUTE FUNCTION stop_at_gate()");
        var process = await database.OpenAsync(static options => options with { CommandTimeout = TimeSpan.FromMinutes(5), LockTimeout = TimeSpan.FromMinutes(5) });
        var buckets = Buckets(process);
        await using var source = NpgsqlDataSource.Create(database.Connection);
        await using var keeper = await source.OpenConnectionAsync();
        await using (var close = new NpgsqlCommand($"SELECT pg_advisory_lock({gate})", keeper))
        {
            await close.ExecuteNonQueryAsync();
        }

        var giants = Enumerable.Range(0, CommitQueue.LargeLanes + 1).Select(_ => Task.Run(() => PutAsync(buckets, NewId(), "giant", new byte[8 << 20]))).ToList();
        await Eventually.HoldsAsync("all lanes at the gate", async () => (long)(await database.QueryAsync(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND NOT granted"))! == CommitQueue.LargeLanes);

        // :: Small writers, each with a poison row in between, are all served meanwhile
        var small = Task.WhenAll(Enumerable.Range(0, 200).Select(writer => Task.Run(async () =>
        {
            var id = NewId();
            for (var i = 0; i < 10; i++)
            {
                Assert.IsType<RecordWritten>(await PutAsync(buckets, id, $"r{i}"));
                if (i == writer % 10)
                {
                    Assert.Equal(Unavailable.StoreFailed, await PutAsync(buckets, id, "poison3"));
                }
            }
        })));
        await small.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.All(giants, static giant => Assert.False(giant.IsCompleted, "A giant did not wait at the gate."));

        // :: Giants are only slow
        await using (var open = new NpgsqlCommand($"SELECT pg_advisory_unlock({gate})", keeper))
        {
            await open.ExecuteNonQueryAsync();
        }

        Assert.All(await Task.WhenAll(giants), static giant => Assert.IsType<RecordWritten>(giant));
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

    /// <summary>A lone surrogate is no text: it fails while the statement is put together, before the server has it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ValueThatCannotBeSent_FailsAlone_AndTheOthersOfItsGroupAreStored(bool inTheId)
    {
        var store = new PostgresBucketStore(await database.OpenAsync());
        var commits = Enumerable.Range(0, 64).Select(i => i % 13 == 7
            ? NewBucket(inTheId ? BucketId.Named("\ud800") : NewId(), inTheId ? "fine" : "\ud800")
            : NewBucket(NewId(), "fine")).ToList();

        var outcomes = await Task.WhenAll(commits.Select(commit => store.CommitAsync(commit).AsTask()));

        for (var i = 0; i < outcomes.Length; i++)
        {
            Assert.Equal(i % 13 == 7 ? CommitStatus.Refused : CommitStatus.Done, outcomes[i].Status);
        }
    }

    [Fact]
    public async Task LargeCommits_OneAfterTheOther_AreTransactionsOfOne()
    {
        var process = await database.OpenAsync();
        using var writes = new MetricCollector<int>(process.Metrics.Meter, "lockstep.transaction.writes");
        var store = new PostgresBucketStore(process);

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(CommitStatus.Done, (await store.CommitAsync(NewBucket(NewId(), [.. Enumerable.Range(0, 501).Select(row => $"r{row}")]))).Status);
        }

        Assert.Equal(Enumerable.Repeat(1, 20), writes.Values());
    }

    [Theory]
    [InlineData('\0')]
    [InlineData('\ud800')]
    public async Task ReadOfAKeyThatCannotBeAsked_FailsAlone(int character)
    {
        var poison = ((char)character).ToString();
        var store = new PostgresBucketStore(await database.OpenAsync());
        var id = NewId();
        var row = (await store.CommitAsync(NewBucket(id, "fine"))).Row;
        var key = new BucketKey(id, row);

        var reads = Enumerable.Range(0, 64).Select(i => store.ReadAsync(key, [new RecordKey(1, i % 13 == 7 ? poison : "fine")], Projection.Whole, default).AsTask()).ToList();
        var loads = Enumerable.Range(0, 64).Select(_ => store.LoadAsync(id, claim: false, default).AsTask()).ToList();

        for (var i = 0; i < reads.Count; i++)
        {
            if (i % 13 == 7)
            {
                await Assert.ThrowsAnyAsync<Exception>(() => reads[i]);
            }
            else
            {
                Assert.Single(await reads[i]);
            }
        }

        Assert.All(await Task.WhenAll(loads), Assert.NotNull);
    }

    private static BucketCommit NewBucket(BucketId id, params IReadOnlyList<string> records) => new(
        BucketHeads.Unwritten(id) with { Version = 1, Clock = new(100) }, Guid.NewGuid(), [], [], [],
        [.. records.Select(record => KeyValuePair.Create(1, new StoredRecord { Id = record, Modified = new(100), Body = "{}"u8.ToArray() }))]);

    private static BucketId NewId() => BucketId.DefaultBucket(Guid.NewGuid().ToString());

    private static async Task<Outcome> PutAsync(InProcessBuckets buckets, BucketId id, string record, byte[]? body = null) =>
        (await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [new PutRecord(ObjectRef.Record("tasks", record), body ?? "{}"u8.ToArray())]), default)).Outcomes[0];

    private InProcessBuckets Buckets(PostgresDatabase? process = null) =>
        new(new PostgresBucketStore(process ?? database.Database), new BucketOptions { MaxQueuedBytes = 128 << 20, AnswerTime = TimeSpan.FromMinutes(5) }, TimeProvider.System);
}
