using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteMetricsTests : IDisposable
{
    private readonly TemporaryDatabase database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task Transactions_AreCountedWithTheWritesInThem()
    {
        using var log = new MeasurementLog(database.Database.Metrics.Meter);
        using var open = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        var first = database.Database.CommitAsync(_ =>
        {
            entered.Set();
            open.Wait();
            return CommitOutcome.Stale;
        });
        entered.Wait();
        var store = new SqliteBucketStore(database.Database);
        var others = Enumerable.Range(0, 5).Select(i => store.CommitAsync(NewBucket($"b{i}")).AsTask()).ToArray();
        open.Set();
        await first;
        await Task.WhenAll(others);

        Assert.Equal(2, log.Count("lockstep.transaction.writes"));
        Assert.Equal(6, log.Sum("lockstep.transaction.writes"));
        Assert.Equal(2, log.Count("lockstep.transaction.duration"));
        Assert.Equal(0, log.Observe("lockstep.store.faults"));
    }

    [Fact]
    public async Task Faults_AreCounted()
    {
        using var log = new MeasurementLog(database.Database.Metrics.Meter);

        Assert.Equal(CommitOutcome.Refused, await database.Database.CommitAsync(new Func<SqliteStatements, CommitOutcome>(_ => throw new InvalidOperationException("No."))));

        Assert.Equal(1, log.Observe("lockstep.store.faults"));
        Assert.Equal(1, log.Count("lockstep.transaction.writes"));
    }

    [Fact]
    public void ReadThatFails_IsCountedToo()
    {
        using var log = new MeasurementLog(database.Database.Metrics.Meter);

        Assert.Throws<StoreUnavailableException>(() => database.Database.Read(static statements => statements.Scalar("SELECT 1 FROM nowhere")));

        Assert.Equal(1, log.Observe("lockstep.store.faults"));
    }

    private static BucketCommit NewBucket(string name) =>
        new(BucketHeads.Unwritten(BucketId.Named(name)) with { Version = 1, Clock = new ServerTimestamp(100) }, Guid.NewGuid(), [], [], [], []);
}
