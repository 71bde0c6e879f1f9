using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Lockstep.Core.Buckets;
using Lockstep.Core.Metering;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Commits;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Lockstep.Storage.Sqlite.Tests;

/// <summary>Faults on the one writer's thread: it is told what is known, and it writes on.</summary>
public sealed class SqliteWriterTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TemporaryDatabase database = new();
    private readonly ConcurrentQueue<Exception> faults = new();
    private readonly FaultyTime time = new();

    public void Dispose() => database.Dispose();

    [Theory]
    [InlineData("lockstep.transaction.writes")]
    [InlineData("lockstep.transaction.duration")]
    public async Task ListenerOfMeasurements_ThatThrows_ChangesNothing(string instrument)
    {
        using var listener = new MeterListener
        {
            InstrumentPublished = (published, self) =>
            {
                if (ReferenceEquals(published.Meter, database.Database.Metrics.Meter) && published.Name == instrument)
                {
                    self.EnableMeasurementEvents(published);
                }
            },
        };
        var heard = 0;
        listener.SetMeasurementEventCallback<int>((_, _, _, _) => Hear());
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Hear());
        listener.Start();
        var store = new SqliteBucketStore(database.Database);

        Assert.Equal(CommitStatus.Done, (await store.CommitAsync(NewBucket("a")).AsTask().WaitAsync(Patience)).Status);
        Assert.Equal(CommitStatus.Done, (await store.CommitAsync(NewBucket("b")).AsTask().WaitAsync(Patience)).Status);
        Assert.Equal(2, heard);

        void Hear()
        {
            heard++;
            throw new InvalidOperationException("No.");
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    public async Task Fault_BesideTheTransaction_IsToldUnknown_AndTheWriterWritesOn(int look, long written)
    {
        using var metrics = new StoreMetrics(time);
        // Transactions are timed only while somebody listens.
        using var durations = new MetricCollector<double>(metrics.Meter, "lockstep.transaction.duration");
        using var writer = new SqliteWriter(() => new SqliteStatements(Connect(new SqliteConnection(ConnectionString))), faults.Enqueue, metrics, time);
        await writer.WriteAsync(static statements => Run(statements, "CREATE TABLE written (name)")).WaitAsync(Patience);

        // The clock is looked at when a transaction begins, and when it has ended.
        time.FailTimestamp = look;
        Assert.Equal(CommitOutcome.Unknown, await writer.WriteAsync(static statements => Run(statements, "INSERT INTO written VALUES ('a')")).WaitAsync(Patience));

        Assert.Equal(written, await CountAsync(writer));
        Assert.Single(faults);
    }

    [Fact]
    public async Task Connection_ThatBreaksAndCannotBeClosed_IsReplaced()
    {
        using var metrics = new StoreMetrics(time);
        var opened = 0;
        using var writer = new SqliteWriter(
            () => new SqliteStatements(Connect(opened++ == 0 ? new UnclosableConnection(ConnectionString) : new SqliteConnection(ConnectionString))), faults.Enqueue, metrics, time);
        await writer.WriteAsync(static statements => Run(statements, "CREATE TABLE written (name)")).WaitAsync(Patience);

        var told = await writer.WriteAsync(static statements =>
        {
            Run(statements, "INSERT INTO written VALUES ('a')");
            throw new SqliteException("The disk is full.", SQLitePCL.raw.SQLITE_FULL);
        }).WaitAsync(Patience);

        Assert.Equal(CommitOutcome.NotExecuted, told);
        Assert.Equal(0, await CountAsync(writer));
        Assert.Equal(2, opened);
    }

    /// <summary>One job holds the writer; what waits behind it is given up in time, and never run.</summary>
    [Fact]
    public async Task Write_ThatIsNotBegunByItsDeadline_IsNotExecuted()
    {
        var clock = new FakeTime();
        using var metrics = new StoreMetrics(time);
        using var writer = new SqliteWriter(() => new SqliteStatements(Connect(new SqliteConnection(ConnectionString))), faults.Enqueue, metrics, clock);
        await writer.WriteAsync(static statements => Run(statements, "CREATE TABLE written (name)")).WaitAsync(Patience);
        using var hold = new SemaphoreSlim(0);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var holding = writer.WriteAsync(statements =>
        {
            entered.SetResult();
            hold.Wait();
            return Run(statements, "INSERT INTO written VALUES ('held')");
        }, Deadline.After(TimeSpan.FromSeconds(15), clock));
        await entered.Task.WaitAsync(Patience);
        var waiting = writer.WriteAsync(static statements => Run(statements, "INSERT INTO written VALUES ('waited')"), Deadline.After(TimeSpan.FromSeconds(15), clock));
        var late = writer.WriteAsync(static statements => Run(statements, "INSERT INTO written VALUES ('late')"), Deadline.After(TimeSpan.FromSeconds(25), clock));

        clock.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(CommitOutcome.NotExecuted, await waiting.WaitAsync(Patience));
        Assert.False(holding.IsCompleted || late.IsCompleted);

        // Less is left for this one than it may take to hear that another process holds the file.
        clock.Advance(TimeSpan.FromSeconds(6));
        hold.Release();
        Assert.Equal(CommitStatus.Done, (await holding.WaitAsync(Patience)).Status);
        Assert.Equal(CommitOutcome.NotExecuted, await late.WaitAsync(Patience));
        Assert.Equal(1, await CountAsync(writer));
    }

    [Fact]
    public async Task Write_OfManyRows_RunsAfterTheOthersThatWait_InATransactionOfItsOwn()
    {
        using var metrics = new StoreMetrics(time);
        using var transactions = new MetricCollector<int>(metrics.Meter, "lockstep.transaction.writes");
        using var writer = new SqliteWriter(() => new SqliteStatements(Connect(new SqliteConnection(ConnectionString))), faults.Enqueue, metrics, time);
        using var hold = new SemaphoreSlim(0);
        var order = new ConcurrentQueue<string>();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var holding = writer.WriteAsync(_ =>
        {
            entered.SetResult();
            hold.Wait();
            return new CommitOutcome(CommitStatus.Done);
        });
        await entered.Task.WaitAsync(Patience);
        Task[] all = [holding, WriteAsync("large", 501), WriteAsync("small", 500), WriteAsync("also large", 10_000), WriteAsync("also small", 1)];
        hold.Release();

        await Task.WhenAll(all).WaitAsync(Patience);

        Assert.Equal(["small", "also small", "large", "also large"], order);
        Assert.Equal([1, 2, 1, 1], transactions.GetMeasurementSnapshot().Select(static measurement => measurement.Value));

        Task WriteAsync(string name, int rows) => writer.WriteAsync(
            _ =>
            {
                order.Enqueue(name);
                return new CommitOutcome(CommitStatus.Done);
            },
            rows: rows);
    }

    /// <summary>Twenty times as long as their last such write took.</summary>
    [Fact]
    public async Task Write_OfManyRows_OfAUserWhoHasJustWrittenMany_WaitsWhileOthersWrite_AndOthersDoNot()
    {
        var clock = new FakeTime();
        using var metrics = new StoreMetrics(time);
        using var writer = new SqliteWriter(() => new SqliteStatements(Connect(new SqliteConnection(ConnectionString))), faults.Enqueue, metrics, clock);
        var order = new ConcurrentQueue<string>();
        await WriteAsync("alice", "first", 501, takes: 0.03);

        // Nobody else has written anything.
        await WriteAsync("alice", "own", 1, takes: 0);
        await WriteAsync("alice", "second", 501, takes: 0.03);
        await WriteAsync("bob", "small", 1, takes: 0);
        var rested = WriteAsync("alice", "third", 501, takes: 0);
        await WriteAsync("bob", "large", 501, takes: 0);
        await WriteAsync("alice", "small", 1, takes: 0);
        clock.Advance(TimeSpan.FromSeconds(0.599));
        await WriteAsync("bob", "also small", 1, takes: 0);
        Assert.False(rested.IsCompleted);

        clock.Advance(TimeSpan.FromSeconds(0.001));
        await rested;
        Assert.Equal(["alice first", "alice own", "alice second", "bob small", "bob large", "alice small", "bob also small", "alice third"], order);

        Task WriteAsync(string user, string name, int rows, double takes) => writer.WriteAsync(
            _ =>
            {
                order.Enqueue($"{user} {name}");
                clock.Advance(TimeSpan.FromSeconds(takes));
                return new CommitOutcome(CommitStatus.Done);
            },
            rows: rows,
            user: user).WaitAsync(Patience);
    }

    [Fact]
    public async Task Write_OfManyRows_ThatTookVeryLong_IsRestedFromForASecond_AndAtTheEndNotAtAll()
    {
        var clock = new FakeTime();
        using var metrics = new StoreMetrics(time);
        var writer = new SqliteWriter(() => new SqliteStatements(Connect(new SqliteConnection(ConnectionString))), faults.Enqueue, metrics, clock);
        await WriteAsync(501, takes: 10);
        await WriteAsync(1, takes: 0, user: "bob");
        var second = WriteAsync(501, takes: 10);
        clock.Advance(LargeJobs.MostRest);
        await second;

        await WriteAsync(1, takes: 0, user: "bob");
        var third = WriteAsync(501, takes: 0);
        writer.Dispose();
        await third;

        Task WriteAsync(int rows, double takes, string user = "alice") => writer.WriteAsync(
            _ =>
            {
                clock.Advance(TimeSpan.FromSeconds(takes));
                return new CommitOutcome(CommitStatus.Done);
            },
            rows: rows,
            user: user).WaitAsync(Patience);
    }

    [Fact]
    public async Task Write_OfManyRows_ThatIsNotBegunByItsDeadline_IsNotExecuted()
    {
        var clock = new FakeTime();
        using var metrics = new StoreMetrics(time);
        using var writer = new SqliteWriter(() => new SqliteStatements(Connect(new SqliteConnection(ConnectionString))), faults.Enqueue, metrics, clock);
        await writer.WriteAsync(static statements => Run(statements, "CREATE TABLE written (name)")).WaitAsync(Patience);
        using var begin = new SemaphoreSlim(0);
        using var hold = new SemaphoreSlim(0);
        var (first, entered) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var beginning = writer.WriteAsync(_ =>
        {
            first.SetResult();
            begin.Wait();
            return new CommitOutcome(CommitStatus.Done);
        });
        await first.Task.WaitAsync(Patience);

        // Both are set aside, and the first of them holds the writer.
        var holding = writer.WriteAsync(
            statements =>
            {
                entered.SetResult();
                hold.Wait();
                return Run(statements, "INSERT INTO written VALUES ('held')");
            },
            rows: 1_000);
        var waiting = writer.WriteAsync(static statements => Run(statements, "INSERT INTO written VALUES ('waited')"), Deadline.After(TimeSpan.FromSeconds(15), clock), rows: 1_000);
        begin.Release();
        await entered.Task.WaitAsync(Patience);

        clock.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(CommitOutcome.NotExecuted, await waiting.WaitAsync(Patience));

        hold.Release();
        Assert.Equal(CommitStatus.Done, (await holding.WaitAsync(Patience)).Status);
        Assert.Equal(CommitStatus.Done, (await beginning.WaitAsync(Patience)).Status);
        Assert.Equal(1, await CountAsync(writer));
    }

    private string ConnectionString => $"Data Source={database.Options.Path};Pooling=False";

    private static SqliteConnection Connect(SqliteConnection connection)
    {
        connection.Open();
        return connection;
    }

    private static CommitOutcome Run(SqliteStatements statements, string sql)
    {
        statements.Execute(sql);
        return new CommitOutcome(CommitStatus.Done);
    }

    private static async Task<long> CountAsync(SqliteWriter writer)
    {
        long count = -1;
        await writer.WriteAsync(statements =>
        {
            count = (long)statements.Scalar("SELECT count(*) FROM written")!;
            return new CommitOutcome(CommitStatus.Done);
        }).WaitAsync(Patience);
        return count;
    }

    private static BucketCommit NewBucket(string name) =>
        new(BucketHeads.Unwritten(BucketId.Named(name)) with { Version = 1, Clock = new ServerTimestamp(100) }, Guid.NewGuid(), [], [], [], []);

    /// <summary>Closes, so that nothing is held on to, and fails all the same.</summary>
    private sealed class UnclosableConnection(string connectionString) : SqliteConnection(connectionString)
    {
        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing)
            {
                throw new InvalidOperationException("It cannot be closed.");
            }
        }
    }
}
