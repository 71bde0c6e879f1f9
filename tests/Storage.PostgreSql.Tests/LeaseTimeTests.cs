using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>For how long memory counts, in a process whose clocks jump or that is stopped for a while.</summary>
public sealed class LeaseTimeTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);

    // In step with the database's, so that they can be compared.
    private readonly FakeTime time = new(TimeProvider.System.GetUtcNow());
    private PostgresDatabase? process;

    private PostgresDatabase Process => process!;

    private PostgresBucketStore Store => new(Process);

    public async Task InitializeAsync() => process = await database.OpenAsync(time: time);

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Memory_WithoutARenewal_CountsForTheLeaseTimeAndNoLonger()
    {
        var heads = await WriteAsync(Store);
        await using (await HoldRenewalsAsync())
        {
            time.Advance(LeaseTime);
            Assert.True(Store.IsCurrent(heads));

            time.Advance(TimeSpan.FromTicks(1));
            Assert.False(Store.IsCurrent(heads));
            Assert.False(Process.Lease.IsHeld);
        }

        // Nobody has taken it meanwhile.
        await RenewAsync();
        Assert.True(Store.IsCurrent(heads));
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    [InlineData(5)]
    [InlineData(-5)]
    public async Task WallClock_ThatJumps_EndsWhatCounts_UntilTheNextRenewal(int seconds)
    {
        var heads = await WriteAsync(Store);

        // Forward, it may be that the machine slept: only this clock went on, and others have written meanwhile.
        time.JumpWallClock(TimeSpan.FromSeconds(seconds));

        Assert.False(Store.IsCurrent(heads));
        await RenewAsync();
        Assert.True(Store.IsCurrent(heads));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public async Task WallClock_SetByLittle_ChangesNothing(int seconds)
    {
        var heads = await WriteAsync(Store);

        time.JumpWallClock(TimeSpan.FromSeconds(seconds));

        Assert.True(Store.IsCurrent(heads));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(-60)]
    public async Task WallClock_ApartFromTheDatabases_IsNotHealthy(int seconds)
    {
        await RenewAsync();
        Assert.True(Process.Lease.IsHealthy);

        time.JumpWallClock(TimeSpan.FromSeconds(seconds));
        await RenewAsync();
        Assert.True(Process.Lease.IsHeld);
        Assert.False(Process.Lease.IsHealthy);

        time.JumpWallClock(TimeSpan.FromSeconds(-seconds));
        await RenewAsync();
        Assert.True(Process.Lease.IsHealthy);
    }

    [Fact]
    public async Task Process_StoppedForAMinute_AnswersNothingFromMemory_AndHearsWhatWasTakenMeanwhile()
    {
        var other = new InProcessBuckets(new PostgresBucketStore(await database.OpenAsync()), new BucketOptions(), TimeProvider.System);
        var here = new InProcessBuckets(Store, new BucketOptions(), time);
        var id = NewId();
        var told = new List<BucketId>();
        Store.OnTakenOver(told.Add);
        var mine = Assert.IsType<RecordWritten>(await ExecuteAsync(here, id, Put("mine"))).Record.Modified;
        var poll = new ListRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 10, Since = mine });
        Assert.Empty(Assert.IsType<PageFound>(await ExecuteAsync(here, id, poll)).Records);
        await using (await HoldRenewalsAsync())
        {
            await ExecuteAsync(other, id, Put("theirs"));

            // As when it goes on, before anything of it that waits for its turn has run.
            time.Advance(TimeSpan.FromMinutes(1));

            Assert.Equal(["theirs"], Assert.IsType<PageFound>(await ExecuteAsync(here, id, poll)).Records.Select(record => record.Id));
            Assert.Empty(told);
        }

        await RenewAsync();
        Assert.Equal([id], told);
    }

    [Fact]
    public async Task Process_StoppedInTheMiddleOfARenewal_CountsFromItsBegin()
    {
        var other = new PostgresBucketStore(await database.OpenAsync());
        var (heads, taken) = (await WriteAsync(Store), await WriteAsync(Store));
        await WriteAsync(other, taken);
        var told = new TaskCompletionSource<BucketId>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goesOn = new ManualResetEventSlim();
        Store.OnTakenOver(id =>
        {
            told.TrySetResult(id);
            goesOn.Wait(Patience);
        });

        // :: Stopped where the answer is here and not yet used
        var first = Process.Lease.Round;
        time.Advance(Interval);
        Assert.Equal(taken.Id, await told.Task.WaitAsync(Patience));
        Assert.True(Store.IsCurrent(heads));
        Task second;
        await using (await HoldRenewalsAsync())
        {
            time.Advance(TimeSpan.FromSeconds(10));
            goesOn.Set();
            await first.WaitAsync(Patience);

            // :: The renewal is ten seconds old, though it has just ended
            second = Process.Lease.Round;
            Assert.False(Store.IsCurrent(heads));
        }

        await second.WaitAsync(Patience);
        Assert.True(Store.IsCurrent(heads));
    }

    [Fact]
    public async Task Process_AwayForSoLongThatItIsForgotten_BeginsAnew_AndHoldsNothing()
    {
        var heads = await WriteAsync(Store);
        var before = Process.Lease.Registered;
        await database.ExecuteAsync($"DELETE FROM processes WHERE process = {before}");

        await RenewAsync();

        Assert.NotEqual(before, Process.Lease.Registered);
        Assert.True(Process.Lease.IsHeld);
        Assert.False(Store.IsCurrent(heads));
        Assert.False(Store.IsCurrent((await Store.LoadAsync(heads.Id, claim: false, default))!));
        Assert.True(Store.IsCurrent((await Store.LoadAsync(heads.Id, claim: true, default))!));
    }

    [Fact]
    public async Task Renewal_WhoseAnswerIsLost_EndsWhatWasHeld_AndTheRowItWasMadeFor()
    {
        var heads = await WriteAsync(Store);
        var before = Process.Lease.Registered;
        await RenewAsync();

        // The lease's connection is the one whose last statement was a renewal at this process's row.
        await using (await HoldRenewalsAsync())
        {
            await database.ExecuteAsync(
                "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%UPDATE processes SET renewed%' AND pid <> pg_backend_pid()");
        }

        await RenewAsync();
        Assert.False(Process.Lease.IsHeld);
        Assert.False(Store.IsCurrent(heads));
        await RenewAsync();

        // A late renewal for the old row takes only the old row's notices.
        Assert.NotEqual(before, Process.Lease.Registered);
        Assert.False(Store.IsCurrent(heads));
        Assert.False(Store.IsCurrent((await Store.LoadAsync(heads.Id, claim: false, default))!));
        Assert.True(Store.IsCurrent((await Store.LoadAsync(heads.Id, claim: true, default))!));
    }

    [Fact]
    public async Task ListenerOfTakeovers_ThatThrows_EndsWhatWasHeld_AndRenewalsGoOn()
    {
        var other = new PostgresBucketStore(await database.OpenAsync());
        var (heads, taken) = (await WriteAsync(Store), await WriteAsync(Store));
        await WriteAsync(other, taken);
        var told = new List<BucketId>();
        Store.OnTakenOver(id =>
        {
            told.Add(id);
            throw new InvalidOperationException("No.");
        });

        await RenewAsync();
        Assert.Equal([taken.Id], told);
        Assert.False(Store.IsCurrent(heads));

        await RenewAsync();
        Assert.True(Process.Lease.IsHeld);
        Assert.True(Store.IsCurrent((await Store.LoadAsync(heads.Id, claim: true, default))!));
    }

    private static TimeSpan LeaseTime => new PostgresOptions().LeaseTime;

    private static BucketId NewId() => BucketId.DefaultBucket(Guid.NewGuid().ToString("N"));

    private static PutRecord Put(string record) => new(ObjectRef.Record("tasks", record), "{}"u8.ToArray());

    private static async Task<Outcome> ExecuteAsync(InProcessBuckets buckets, BucketId id, Operation operation) =>
        (await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [operation]), default).AsTask().WaitAsync(Patience)).Outcomes[0];

    /// <summary>Commits to a new bucket, or once more to one.</summary>
    /// <returns>The heads as their writer remembers them.</returns>
    private static async Task<BucketHeads> WriteAsync(PostgresBucketStore store, BucketHeads? last = null)
    {
        var heads = last ?? BucketHeads.Unwritten(NewId());
        heads = heads with { Version = heads.Version + 1, Clock = heads.Clock.Plus(100) };
        var outcome = await store.CommitAsync(new BucketCommit(heads, Guid.NewGuid(), [], [], [], []));
        Assert.Equal(CommitStatus.Done, outcome.Status);
        heads = heads with { Row = outcome.Row, Lease = outcome.Lease };
        Assert.True(store.IsCurrent(heads));
        return heads;
    }

    /// <summary>The next renewal is due, and ends.</summary>
    private async Task RenewAsync()
    {
        var round = Process.Lease.Round;
        time.Advance(Interval);
        await round.WaitAsync(Patience);
    }

    /// <summary>Until it is disposed of, renewals of all processes wait in the database.</summary>
    private async Task<IAsyncDisposable> HoldRenewalsAsync()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database.Connection) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE processes", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
