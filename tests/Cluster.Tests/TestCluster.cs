using System.Collections.Concurrent;
using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Core.Storage;
using Lockstep.Grains;
using Lockstep.Grains.Placement;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.TestingHost;

namespace Lockstep.Cluster.Tests;

/// <summary>Three silos in this process on one database, each with a lease of its own, and a client as a gateway has one.</summary>
public sealed class TestCluster : IAsyncLifetime
{
    private readonly ConcurrentBag<PostgresDatabase> databases = [];
    private readonly LostCalls lost = new();
    private InProcessTestCluster? cluster;
    private string connection = "";

    public InProcessTestCluster Orleans => cluster!;

    public IBuckets Buckets => new GrainBuckets(_ => Orleans.Client, null, Task.CompletedTask, TimeSpan.FromSeconds(10), new SiloDeaths(TimeProvider.System), lost, TimeProvider.System, NullLogger<GrainBuckets>.Instance);

    /// <summary>Owners in memory, silo by silo.</summary>
    public IReadOnlyList<int> OwnersPerSilo => [.. Orleans.Silos.Select(silo => silo.ServiceProvider.GetRequiredService<InProcessBuckets>().Count)];

    public async Task InitializeAsync()
    {
        connection = await PostgresServer.CreateDatabaseAsync();
        var builder = new InProcessTestClusterBuilder(initialSilosCount: 3);
        builder.ConfigureSilo((_, silo) =>
        {
            var database = Task.Run(() => PostgresDatabase.OpenAsync(new PostgresOptions { Connection = connection }, TimeProvider.System, static _ => { }))
                .GetAwaiter().GetResult();
            databases.Add(database);
            silo.AddPlacementDirector<HomePlacement, HomePlacementDirector>();
            silo.Services
                .AddSingleton(new InProcessBuckets(new PostgresBucketStore(database), new BucketOptions(), TimeProvider.System))
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
        foreach (var database in databases)
        {
            await database.DisposeAsync();
        }

        await PostgresServer.DropDatabaseAsync(connection);
    }
}
