using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Grains;
using Lockstep.Grains.Placement;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.TestingHost;

namespace Lockstep.Cluster.Tests;

/// <summary>Reads that would cost a silo more than they are worth.</summary>
public sealed class HostileReadTests : IAsyncLifetime
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly EndlessStore store = new(new InMemoryBucketStore());
    private readonly LostCalls lost = new();
    private InProcessTestCluster? cluster;

    private GrainBuckets Buckets => new(_ => cluster!.Client, null, Task.CompletedTask, TimeSpan.FromSeconds(10), new SiloDeaths(TimeProvider.System), lost, TimeProvider.System, NullLogger<GrainBuckets>.Instance);

    public async Task InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(initialSilosCount: 1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddPlacementDirector<HomePlacement, HomePlacementDirector>();
            silo.Services
                .AddSingleton(new InProcessBuckets(store, new BucketOptions(), TimeProvider.System))
                .AddSingleton<LocalOwners>()
                .AddSingleton(TimeProvider.System);
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
    }

    public async Task DisposeAsync()
    {
        await cluster!.DisposeAsync();
        lost.Dispose();
    }

    [Fact]
    public async Task Sort_WhoseClientHasGone_EndsInTheSilo()
    {
        var id = BucketId.DefaultBucket("sorted");
        await Buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [new PutRecord(new ObjectRef(Tasks, "a"), "{}"u8.ToArray())]), default);
        using var gone = new CancellationTokenSource();
        var sort = new ListRecords(Tasks, new ListQuery { Limit = 1, Sort = [new SortField("a", Descending: false)] });
        var answer = Buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [sort]), gone.Token).AsTask();
        await store.Entered.WaitAsync(Patience);

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await store.Ended.WaitAsync(Patience);
    }

    [Fact]
    public async Task Owners_OfBucketsThatNobodyHasWrittenTo_AreBounded()
    {
        var read = new BucketRequest(Alice, [new ReadRecord(ObjectRef.Bucket)]);
        foreach (var chunk in Enumerable.Range(0, 1_500).Chunk(100))
        {
            await Task.WhenAll(chunk.Select(i => Buckets.Get(BucketId.Named($"random{i}")).ExecuteAsync(read, default).AsTask()));
        }

        var services = cluster!.Silos[0].ServiceProvider;
        Assert.InRange(services.GetRequiredService<InProcessBuckets>().Count, 900, 1_001);
        var owners = services.GetRequiredService<LocalOwners>();
        Assert.InRange(Enumerable.Range(0, 1_500).Count(i => owners.Has(BucketId.Named($"random{i}"))), 900, 1_001);
    }

    /// <summary>Its scans last until they are given up.</summary>
    private sealed class EndlessStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        private readonly TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Entered => entered.Task;

        public Task Ended => ended.Task;

        public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            entered.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => ended.TrySetResult(), TaskScheduler.Default);
            cancellationToken.ThrowIfCancellationRequested();
            return await base.ScanAsync(scan, cancellationToken);
        }
    }
}
