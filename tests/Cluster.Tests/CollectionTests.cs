using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Grains;
using Lockstep.Grains.Placement;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.TestingHost;

namespace Lockstep.Cluster.Tests;

/// <summary>
/// Orleans' collection of idle activations goes by the wall clock. Where that was set back by more than the collection had looked
/// ahead, it refuses to activate any grain that it would collect, until the clock has caught up. So grains are ended otherwise.
/// </summary>
public sealed class CollectionTests
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(5);
    private static readonly BucketId Bucket = BucketId.DefaultBucket("idle");

    [Fact]
    public void Grains_AreNeverCollectedByOrleans()
    {
        var grains = typeof(LocalOwners).Assembly.GetTypes().Where(static type => type.IsSubclassOf(typeof(Grain)) && !type.IsAbstract).ToList();

        Assert.True(grains.Count >= 3);
        Assert.All(grains, static grain => Assert.True(grain.IsDefined(typeof(KeepAliveAttribute), inherit: true), $"{grain.Name} may be collected."));
    }

    [Fact]
    public async Task Owner_ThatNobodyCalls_Ends_AndComesBackWhenItIsCalled()
    {
        var time = new FakeTime { TimersAreReal = true };
        using var lost = new LostCalls();
        var builder = new InProcessTestClusterBuilder(initialSilosCount: 1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddPlacementDirector<HomePlacement, HomePlacementDirector>();

            // By key: that is not what Orleans takes.
            silo.Services
                .AddSingleton(new InProcessBuckets(new InMemoryBucketStore(), new BucketOptions(), time))
                .AddSingleton<LocalOwners>()
                .AddSingleton<TimeProvider>(time)
                .AddKeyedSingleton(KeyedService.AnyKey, TimeProvider.System);
        });
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        var buckets = new GrainBuckets(_ => cluster.Client, null, Task.CompletedTask, TimeSpan.FromSeconds(10), new SiloDeaths(TimeProvider.System), lost, TimeProvider.System, NullLogger<GrainBuckets>.Instance);
        var owners = cluster.Silos[0].ServiceProvider.GetRequiredService<LocalOwners>();
        await cluster.Client.GetGrain<IBucketGrain>(Bucket.Value).PingAsync();
        owners.EndIdle(Idle);
        Assert.True(owners.Has(Bucket));
        Assert.IsType<RecordWritten>(await PutAsync(buckets, "before"));

        time.Advance(Idle - TimeSpan.FromSeconds(1));
        owners.EndIdle(Idle);
        Assert.True(owners.Has(Bucket));
        time.Advance(TimeSpan.FromSeconds(1));
        owners.EndIdle(Idle);

        Assert.False(owners.Has(Bucket));
        Assert.IsType<RecordWritten>(await PutAsync(buckets, "after"));
        Assert.True(owners.Has(Bucket));
    }

    private static async Task<Outcome> PutAsync(GrainBuckets buckets, string record)
    {
        var operation = new PutRecord(new ObjectRef(ListRef.RecordsOf("tasks"), record), "{}"u8.ToArray());
        return (await buckets.Get(Bucket).ExecuteAsync(new BucketRequest(new(new("account:alice"), BucketAccess.Own), [operation]), default)).Outcomes[0];
    }
}
