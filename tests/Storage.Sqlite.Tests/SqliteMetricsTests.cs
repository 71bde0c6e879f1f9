using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteMetricsTests : IDisposable
{
    private readonly TemporaryDatabase database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task Transactions_AreCountedWithTheWritesInThem()
    {
        var meter = database.Database.Metrics.Meter;
        using var writes = new MetricCollector<int>(meter, "lockstep.transaction.writes");
        using var durations = new MetricCollector<double>(meter, "lockstep.transaction.duration");
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

        Assert.Equal([1, 5], writes.Values());
        Assert.Equal(2, durations.Values().Count);
        Assert.Equal(0, meter.Observe<long>("lockstep.store.faults"));
    }

    [Fact]
    public async Task Faults_AreCounted()
    {
        var meter = database.Database.Metrics.Meter;
        using var writes = new MetricCollector<int>(meter, "lockstep.transaction.writes");

        Assert.Equal(CommitOutcome.Refused, await database.Database.CommitAsync(new Func<SqliteStatements, CommitOutcome>(_ => throw new InvalidOperationException("No."))));

        Assert.Equal(1, meter.Observe<long>("lockstep.store.faults"));
        Assert.Single(writes.Values());
    }

    [Fact]
    public void ReadThatFails_IsCountedToo()
    {
        Assert.Throws<StoreUnavailableException>(() => database.Database.Read(static statements => statements.Scalar("SELECT 1 FROM nowhere")));

        Assert.Equal(1, database.Database.Metrics.Meter.Observe<long>("lockstep.store.faults"));
    }

    private static BucketCommit NewBucket(string name) =>
        new(BucketHeads.Unwritten(BucketId.Named(name)) with { Version = 1, Clock = new ServerTimestamp(100) }, Guid.NewGuid(), [], [], [], []);
}
