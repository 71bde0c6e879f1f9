using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Grains;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Cluster.Tests;

/// <summary>What a gateway hears of buckets whose owners are in silos, whatever becomes of these.</summary>
public sealed class GrainFeedTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private GrainFeed Feed => new(_ => cluster.Orleans.Client, Task.CompletedTask, new SiloDeaths(TimeProvider.System));

    [Fact]
    public async Task Write_IsTold_ToTwoGateways()
    {
        var bucket = BucketId.DefaultBucket("feed-two");
        await WriteAsync(bucket, "a");
        var (here, there) = (Feed, Feed);
        var positions = new[] { (await NextAsync(here, bucket, default)).Position, (await NextAsync(there, bucket, default)).Position };
        var waiting = new[] { NextAsync(here, bucket, positions[0]), NextAsync(there, bucket, positions[1]) };

        var written = await WriteAsync(bucket, "b");

        Assert.All(await Task.WhenAll(waiting), notice => Assert.Equal((positions[0].Epoch, written.Record.Modified), (notice.Position.Epoch, notice.Stamp)));
    }

    [Fact]
    public async Task Waiting_KeepsNoOwnerInMemory()
    {
        var bucket = BucketId.DefaultBucket("feed-idle");
        await WriteAsync(bucket, "a");
        var feed = Feed;
        var position = (await NextAsync(feed, bucket, default)).Position;
        var waiting = NextAsync(feed, bucket, position);
        foreach (var silo in cluster.Orleans.Silos)
        {
            await silo.ServiceProvider.GetRequiredService<InProcessBuckets>().CloseAsync(bucket, CancellationToken.None);
        }

        Assert.False(waiting.IsCompleted);
        await WriteAsync(bucket, "b");

        Assert.Equal(position.Epoch, (await waiting).Position.Epoch);
    }

    [Fact]
    public async Task Silo_ThatDies_IsNoticed_AndTheNextOneTells()
    {
        // Whichever silo it is that goes, there are buckets of it.
        var buckets = Enumerable.Range(0, 24).Select(i => BucketId.DefaultBucket($"feed-death-{i}")).ToList();
        var feed = Feed;
        var positions = new Dictionary<BucketId, FeedPosition>();
        foreach (var bucket in buckets)
        {
            await WriteAsync(bucket, "a");
            positions[bucket] = (await NextAsync(feed, bucket, default)).Position;
        }

        await cluster.Orleans.KillSiloAsync(cluster.Orleans.Silos[^1]);

        var anew = 0;
        await Task.WhenAll(buckets.Select(async bucket =>
        {
            var last = await WriteUntilDoneAsync(bucket);
            using var deadline = new CancellationTokenSource(Deadline);
            for (var position = positions[bucket]; ;)
            {
                deadline.Token.ThrowIfCancellationRequested();
                try
                {
                    var notice = await NextAsync(feed, bucket, position);
                    if (notice.Position.Epoch != positions[bucket].Epoch)
                    {
                        // A watch that begins anew: whoever hears of it reads.
                        Interlocked.Increment(ref anew);
                        return;
                    }

                    if (notice.Stamp >= last)
                    {
                        return;
                    }

                    position = notice.Position;
                }
                catch (LiveFeedException)
                {
                    position = default;
                }
            }
        }));
        Assert.InRange(anew, 1, buckets.Count - 1);
    }

    private async Task<RecordWritten> WriteAsync(BucketId bucket, string id) => Assert.IsType<RecordWritten>(
        (await cluster.Buckets.Get(bucket).ExecuteAsync(new BucketRequest(Alice, [new PutRecord(ObjectRef.Record("tasks", id), "{}"u8.ToArray())]), CancellationToken.None)).Outcomes[0]);

    private async Task<Core.Time.ServerTimestamp> WriteUntilDoneAsync(BucketId bucket)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            deadline.Token.ThrowIfCancellationRequested();
            var outcome = (await cluster.Buckets.Get(bucket).ExecuteAsync(new BucketRequest(Alice, [new PutRecord(ObjectRef.Record("tasks", "b"), "{}"u8.ToArray())]), CancellationToken.None)).Outcomes[0];
            if (outcome is RecordWritten written)
            {
                return written.Record.Modified;
            }
        }
    }

    private static Task<ChangeNotice> NextAsync(GrainFeed feed, BucketId bucket, FeedPosition seen) =>
        feed.NextAsync(bucket, seen, CancellationToken.None).AsTask().WaitAsync(Deadline);
}
