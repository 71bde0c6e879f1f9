using Lockstep.Grains;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace Lockstep.Cluster.Tests;

/// <summary>Two silos in this process whose counts of failed sign-ins lie in memory and go by a clock of the tests.</summary>
public sealed class SignInCluster : IAsyncLifetime
{
    private InProcessTestCluster? cluster;

    public FakeTime Time { get; } = new() { TimersAreReal = true };

    public InProcessTestCluster Orleans => cluster!;

    public async Task InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(initialSilosCount: 2);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddMemoryGrainStorage(GrainStorage.Name);

            // By key: that is not what Orleans takes.
            silo.Services.AddSingleton<TimeProvider>(Time).AddKeyedSingleton(KeyedService.AnyKey, TimeProvider.System);
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
    }

    public async Task DisposeAsync() => await cluster!.DisposeAsync();
}
