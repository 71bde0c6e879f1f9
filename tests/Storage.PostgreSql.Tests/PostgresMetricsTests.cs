using System.Diagnostics.Metrics;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresMetricsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Transactions_AreCountedWithTheWritesInThem_AndFaultsToo()
    {
        await database.ExecuteAsync("ALTER TABLE records ADD CONSTRAINT poison5 CHECK (id <> 'poison5') NOT VALID");
        var process = await database.OpenAsync();
        var meter = process.Metrics.Meter;
        using var writes = new MetricCollector<int>(meter, "lockstep.transaction.writes");
        using var durations = new MetricCollector<double>(meter, "lockstep.transaction.duration");
        var store = new PostgresBucketStore(process);
        var poison = new StoredRecord { Id = "poison5", Modified = new(100), Body = "{}"u8.ToArray() };

        Assert.Equal(CommitStatus.Done, (await store.CommitAsync(NewBucket())).Status);
        Assert.Equal(CommitStatus.Refused, (await store.CommitAsync(NewBucket() with { Records = [KeyValuePair.Create(1, poison)] })).Status);

        Assert.Equal([1, 1], writes.Values());
        Assert.Equal(2, durations.Values().Count);
        Assert.Equal(1, meter.Observe<long>("lockstep.store.faults"));
    }

    [Theory]
    [InlineData("lockstep.transaction.writes")]
    [InlineData("lockstep.transaction.duration")]
    public async Task ListenerOfMeasurements_ThatThrows_ChangesNothing(string instrument)
    {
        var process = await database.OpenAsync();
        using var listener = new MeterListener
        {
            InstrumentPublished = (published, self) =>
            {
                if (ReferenceEquals(published.Meter, process.Metrics.Meter) && published.Name == instrument)
                {
                    self.EnableMeasurementEvents(published);
                }
            },
        };
        var heard = 0;
        listener.SetMeasurementEventCallback<int>((_, _, _, _) => Hear());
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Hear());
        listener.Start();
        var store = new PostgresBucketStore(process);

        Assert.Equal(CommitStatus.Done, (await store.CommitAsync(NewBucket()).AsTask().WaitAsync(Patience)).Status);
        Assert.Equal(CommitStatus.Done, (await store.CommitAsync(NewBucket()).AsTask().WaitAsync(Patience)).Status);
        Assert.Equal(2, heard);

        void Hear()
        {
            heard++;
            throw new InvalidOperationException("No.");
        }
    }

    [Fact]
    public async Task Transaction_OfManyBuckets_CountsItsWrites()
    {
        var process = await database.OpenAsync();
        using var writes = new MetricCollector<int>(process.Metrics.Meter, "lockstep.transaction.writes");
        var store = new PostgresBucketStore(process);

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => store.CommitAsync(NewBucket()).AsTask()));

        Assert.Equal(100, writes.Values().Sum());
        Assert.InRange(writes.Values().Count, 1, 99);
    }

    [Fact]
    public async Task Lease_ThatCannotBeRenewed_GrowsOld_AndClocksAreCompared()
    {
        var time = new FakeTime();
        await using var process = await PostgresDatabase.OpenAsync(database.Options, time, static _ => { });
        var meter = process.Metrics.Meter;
        await using var source = NpgsqlDataSource.Create(database.Connection);
        await using var holder = await source.OpenConnectionAsync();
        Task renewal;
        await using (var transaction = await holder.BeginTransactionAsync())
        {
            await using var command = new NpgsqlCommand("LOCK TABLE processes", holder, transaction);
            await command.ExecuteNonQueryAsync();
            renewal = process.Lease.Round;
            time.Advance(TimeSpan.FromSeconds(7));

            Assert.Equal(7, meter.Observe<double>("lockstep.lease.age"));
        }

        await renewal.WaitAsync(Patience);
        Assert.Equal(0, meter.Observe<double>("lockstep.lease.age"));

        // The test's clock shows another year than the database's.
        var ahead = (TimeProvider.System.GetUtcNow() - time.GetUtcNow()).TotalSeconds;
        Assert.InRange(meter.Observe<double>("lockstep.clock.difference")!.Value, ahead - 60, ahead + 60);
    }

    [Fact]
    public async Task Metrics_EndWithTheirDatabase()
    {
        var process = await PostgresDatabase.OpenAsync(database.Options, TimeProvider.System, static _ => { });
        var meter = process.Metrics.Meter;
        Assert.InRange(meter.Observe<double>("lockstep.lease.age")!.Value, 0, 30);

        await process.DisposeAsync();

        Assert.Null(meter.Observe<double>("lockstep.lease.age"));
    }

    private static BucketCommit NewBucket() => new(
        BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new ServerTimestamp(100) }, Guid.NewGuid(), [], [], [], []);
}
