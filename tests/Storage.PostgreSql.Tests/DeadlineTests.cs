using System.Collections.Concurrent;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>A database that hangs: who writes is answered in time with what is known, and the server ends what nobody waits for.</summary>
public sealed class DeadlineTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private readonly FakeTime time = new();

    /// <summary>A group has as long as the first of its commits: one that is nearly late is left out.</summary>
    [Fact]
    public async Task Commit_ThatIsNearlyLate_EndsAlone()
    {
        var store = new PostgresBucketStore(database.Database);
        var late = store.CommitAsync(Commit() with { Deadline = Deadline.After(TimeSpan.FromSeconds(1.9), time) }).AsTask();
        var others = Enumerable.Range(0, 5).Select(_ => store.CommitAsync(Commit() with { Deadline = Deadline.After(Patience, time) }).AsTask()).ToList();

        Assert.Equal(CommitStatus.NotExecuted, (await late.WaitAsync(Patience)).Status);
        Assert.All(await Task.WhenAll(others).WaitAsync(Patience), static outcome => Assert.Equal(CommitStatus.Done, outcome.Status));

        BucketCommit Commit() => new(BucketHeads.Unwritten(NewId()) with { Version = 1, Clock = new(100) }, Guid.NewGuid(), [], [], [], []);
    }

    /// <summary>Nobody has to be asked: the server says that it rolled back.</summary>
    [Theory]
    [InlineData(1, 60, 15, PostgresErrorCodes.LockNotAvailable)]
    [InlineData(60, 2, 15, PostgresErrorCodes.QueryCanceled)]
    [InlineData(60, 60, 8, PostgresErrorCodes.QueryCanceled)]
    public async Task Write_ThatHangsInTheDatabase_IsEndedThere_AndToldAsNotDone(int lockSeconds, int statementSeconds, int answerSeconds, string reason)
    {
        var faults = new ConcurrentQueue<Exception>();
        await using var process = await PostgresDatabase.OpenAsync(
            database.Options with { LockTimeout = TimeSpan.FromSeconds(lockSeconds), CommandTimeout = TimeSpan.FromSeconds(statementSeconds) },
            TimeProvider.System, faults.Enqueue);
        var (buckets, id) = (Buckets(process, TimeProvider.System, TimeSpan.FromSeconds(answerSeconds)), NewId());
        Assert.IsType<RecordWritten>(await PutAsync(buckets, id, "before"));
        await using (await LockAsync("records"))
        {
            Assert.Equal(Unavailable.StoreFailed, await PutAsync(buckets, id, "during").WaitAsync(Patience));

            Assert.Contains(faults, fault => fault is PostgresException { SqlState: var state } && state == reason);
            Assert.Equal(0, await WaitingAsync(Commit));
        }

        Assert.IsType<RecordWritten>(await PutAsync(buckets, id, "after"));
        Assert.Equal(2L, await RecordsOfAsync(id));
    }

    // PostgreSQL shows the begin of a statement only.
    private const string Commit = "WITH lane AS";

    /// <summary>The server has it, and does not say what becomes of it.</summary>
    [Fact]
    public async Task Write_ThatHangsInItsCommit_IsToldUnknownInTime_AndThoseBehindItThatNothingWasChanged()
    {
        await using var process = await OpenAsync();
        var options = new BucketOptions();
        var buckets = Buckets(process, time, options.AnswerTime);
        var (hanging, waiting) = (NewId(), NewId());
        await PutAsync(buckets, hanging, "before");
        await PutAsync(buckets, waiting, "before");
        Task<Outcome> during, behind;
        const int gate = 4712;
        await database.ExecuteAsync(
            $"CREATE FUNCTION stop_at_gate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared({gate}); RETURN new; END'");
        await database.ExecuteAsync("CREATE TRIGGER gate BEFORE INSERT ON records FOR EACH ROW WHEN (new.id = 'hangs') EXECUTE FUNCTION stop_at_gate()");
        await using (await HoldAsync($"SELECT pg_advisory_lock({gate})"))
        {
            during = PutAsync(buckets, hanging, "hangs");
            await Eventually.HoldsAsync("the commit waits", async () => await WaitingAsync(Commit) == 1);
            behind = PutAsync(buckets, waiting, "behind");

            // Most of the time is the transaction's, the rest is for asking what became of it.
            time.Advance(options.AnswerTime - TimeSpan.FromSeconds(4));
            await Eventually.HoldsAsync("it is asked after", async () => await WaitingAsync("UPDATE writers SET fenced") == 1);
            Assert.False(during.IsCompleted || behind.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(3));
            Assert.Equal(Unavailable.FateUnknown, await during.WaitAsync(Patience));
            Assert.Equal(Unavailable.StoreFailed, await behind.WaitAsync(Patience));
        }

        // Both go on; what was told as not done is not.
        await Eventually.HoldsAsync("writable again", async () => await PutAsync(buckets, hanging, "after") is RecordWritten);
        Assert.IsType<RecordWritten>(await PutAsync(buckets, waiting, "after"));
        Assert.Equal(2L, await RecordsOfAsync(waiting));
    }

    [Fact]
    public async Task Write_ThatHangsBeforeItsCommit_IsToldThatNothingWasChanged()
    {
        await using var process = await OpenAsync();
        var options = new BucketOptions();
        var (buckets, id) = (Buckets(process, time, options.AnswerTime), NewId());
        await PutAsync(buckets, NewId(), "before");
        await using (await LockAsync("buckets"))
        {
            var during = PutAsync(buckets, id, "during");
            await Eventually.HoldsAsync("the new bucket's row waits", async () => await WaitingAsync("INSERT INTO buckets") == 1);
            time.Advance(options.AnswerTime - TimeSpan.FromSeconds(1));

            Assert.Equal(Unavailable.StoreFailed, await during.WaitAsync(Patience));
        }

        await Eventually.HoldsAsync("writable", async () => await PutAsync(buckets, id, "after") is RecordWritten);
        Assert.Equal(1L, await RecordsOfAsync(id));
    }

    /// <summary>It is left to the server: a cancellation would wait for its answer too, and of a write it could tell a commit that is none.</summary>
    [Fact]
    public async Task Read_ThatHangs_IsRefusedInTime_AndNotCancelled()
    {
        await using var process = await OpenAsync();
        var options = new BucketOptions();
        var (buckets, id) = (Buckets(process, time, options.AnswerTime), NewId());
        await PutAsync(buckets, id, "before");
        await using (await HoldAsync("BEGIN; LOCK TABLE records IN ACCESS EXCLUSIVE MODE"))
        {
            var read = buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [new ListRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 10 })]), default).AsTask();
            await Eventually.HoldsAsync("the read waits", async () => await WaitingAsync("FROM lists l WHERE") == 1);
            time.Advance(options.AnswerTime);

            Assert.Equal([Unavailable.StoreFailed], (await read.WaitAsync(Patience)).Outcomes);
            Assert.Equal(1, await WaitingAsync("FROM lists l WHERE"));
        }
    }

    [Fact]
    public async Task Read_ThatNobodyWaitsForAnyMore_IsNotBegun()
    {
        await using var process = await OpenAsync();
        var (store, id) = (new PostgresBucketStore(process), NewId());
        await PutAsync(Buckets(process, time, Patience), id, "before");
        var key = (await store.LoadAsync(id, claim: false, default))!.Key;
        await database.ExecuteAsync("UPDATE buckets SET holder = NULL");
        var under = new List<Task>();
        await using (await HoldAsync("BEGIN; LOCK TABLE records IN ACCESS EXCLUSIVE MODE"))
        {
            for (var lane = 1; lane <= 2; lane++)
            {
                under.Add(store.ReadAsync(key, [new RecordKey(1, "before")], Projection.Whole, default).AsTask());
                await Eventually.HoldsAsync("the lane waits", async () => await WaitingAsync("records") == under.Count);
            }

            using var gone = new CancellationTokenSource();
            var abandoned = store.LoadAsync(id, claim: true, gone.Token).AsTask();
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        }

        await Task.WhenAll(under);
        await store.LoadAsync(id, claim: false, default);
        Assert.Equal(0L, await database.QueryAsync("SELECT count(*) FROM buckets WHERE holder IS NOT NULL"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_ThatFails_IsHeardOf(bool ofAList)
    {
        var faults = new ConcurrentQueue<Exception>();
        await using var process = await PostgresDatabase.OpenAsync(
            database.Options with { LockTimeout = TimeSpan.FromMilliseconds(100) }, TimeProvider.System, faults.Enqueue);
        var (buckets, id) = (Buckets(process, TimeProvider.System, Patience), NewId());
        await PutAsync(buckets, id, "before");
        await using (await HoldAsync("BEGIN; LOCK TABLE records IN ACCESS EXCLUSIVE MODE"))
        {
            Operation read = ofAList ? new ListRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 10 }) : new ReadRecord(ObjectRef.Record("tasks", "before"));

            Assert.Equal([Unavailable.StoreFailed], (await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [read]), default)).Outcomes);
        }

        Assert.Equal(PostgresErrorCodes.LockNotAvailable, Assert.IsType<PostgresException>(Assert.Single(faults)).SqlState);
    }

    private static BucketId NewId() => BucketId.DefaultBucket(Guid.NewGuid().ToString());

    private static InProcessBuckets Buckets(PostgresDatabase process, TimeProvider time, TimeSpan answerTime) =>
        new(new PostgresBucketStore(process), new BucketOptions { AnswerTime = answerTime }, time);

    private static async Task<Outcome> PutAsync(InProcessBuckets buckets, BucketId id, string record) =>
        (await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [new PutRecord(ObjectRef.Record("tasks", record), "{}"u8.ToArray())]), default)).Outcomes[0];

    /// <summary>A process whose time the test makes pass, and which the server does not help.</summary>
    private Task<PostgresDatabase> OpenAsync() => PostgresDatabase.OpenAsync(
        database.Options with { CommandTimeout = Long, LockTimeout = Long, MaxClockDifference = TimeSpan.FromDays(1) }, time, database.Faults.Enqueue);

    /// <summary>Reads go on, writes wait.</summary>
    private Task<NpgsqlConnection> LockAsync(string table) => HoldAsync($"BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE");

    private async Task<NpgsqlConnection> HoldAsync(string sql)
    {
        var holder = new NpgsqlConnection(database.Connection + ";Pooling=false");
        await holder.OpenAsync();
        await using var command = new NpgsqlCommand(sql, holder);
        await command.ExecuteNonQueryAsync();
        return holder;
    }

    private async Task<long> WaitingAsync(string statement) => (long)(await database.QueryAsync(
        $"""
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%{statement}%' AND pid <> pg_backend_pid()
        """))!;

    private async Task<long> RecordsOfAsync(BucketId id) => (long)(await database.QueryAsync(
        $"SELECT count(*) FROM records r JOIN buckets b USING (bucket) JOIN lists l USING (bucket, list) WHERE l.name = 'tasks' AND b.id = '{id}'"))!;
}
