using System.Collections.Concurrent;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Storage.Contract;

namespace Lockstep.Cluster.Tests;

/// <summary>The promises to devices, with owners that are grains.</summary>
public sealed class GrainTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");

    [Fact]
    public Task Writers64AndPollers4_OnOneCollection_NothingIsMissed() =>
        BucketConcurrencyContract.WritersAndPollersAsync(cluster.Buckets, writers: 64, pollers: 4, writesEach: 20);

    [Fact]
    public Task Counter_IncrementedBy32Devices_EndsAtTheNumberOfSuccesses() =>
        BucketConcurrencyContract.CounterAsync([cluster.Buckets], devices: 32);

    [Fact]
    public async Task Owners_OfManyBuckets_AreSpreadOverTheSilos()
    {
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => WriteAsync(BucketId.DefaultBucket($"spread{i}"), "a")));

        Assert.All(cluster.OwnersPerSilo, owners => Assert.InRange(owners, 40, 250));
    }

    [Fact]
    public async Task SiloKilledUnderLoad_LosesNothingAcknowledged_AndIsReplaced()
    {
        var acknowledged = new ConcurrentDictionary<(int Bucket, string Record), long>();
        var writes = new Tally();
        var uncertain = new ConcurrentBag<(int Bucket, string Record)>();
        using var ended = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 12).Select(bucket => Task.Run(async () =>
        {
            long last = 0;
            for (var i = 0; !ended.IsCancellationRequested; i++)
            {
                var outcome = await ExecuteAsync(Bucket(bucket), Put($"r{i}"));
                if (outcome is RecordWritten written)
                {
                    Assert.True(written.Record.Modified.Milliseconds > last, "A stamp went back.");
                    last = acknowledged[(bucket, $"r{i}")] = written.Record.Modified.Milliseconds;
                    writes.Add();
                }
                else
                {
                    Assert.Contains(outcome, (Outcome[])[Unavailable.FateUnknown, Unavailable.StoreFailed]);
                    uncertain.Add((bucket, $"r{i}"));
                }
            }
        })).ToList();
        await writes.ReachesAsync(500);
        await cluster.Orleans.KillSiloAsync(cluster.Orleans.Silos[^1]);
        await writes.RisesAsync(500);
        await cluster.Orleans.StartAdditionalSiloAsync();
        await writes.RisesAsync(500);
        await ended.CancelAsync();
        await Task.WhenAll(writers);

        for (var bucket = 0; bucket < writers.Count; bucket++)
        {
            var page = Assert.IsType<PageFound>(await ExecuteAsync(Bucket(bucket), new ListRecords(Tasks, new ListQuery { Limit = 100_000 })));
            var stored = page.Records.ToDictionary(record => record.Id, record => record.Modified.Milliseconds, StringComparer.Ordinal);
            foreach (var ((_, record), stamp) in acknowledged.Where(write => write.Key.Bucket == bucket))
            {
                Assert.True(stored.Remove(record, out var found) && found == stamp, $"{record} was acknowledged with {stamp}, stored is {found}.");
            }

            Assert.All(stored.Keys, record => Assert.Contains((bucket, record), uncertain));
        }
    }

    private static BucketId Bucket(int number) => BucketId.DefaultBucket($"killed{number}");

    private static PutRecord Put(string record) => new(ObjectRef.Record("tasks", record), "{}"u8.ToArray());

    private async Task WriteAsync(BucketId id, string record) => Assert.IsType<RecordWritten>(await ExecuteAsync(id, Put(record)));

    private async Task<Outcome> ExecuteAsync(BucketId id, Operation operation) =>
        (await cluster.Buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes[0];
}
