using Lockstep.Silo.Cluster;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Testing;
using Orleans.Runtime;

namespace Lockstep.Cluster.Tests;

/// <summary>A silo whose clock was set back is the later start on its address all the same.</summary>
public sealed class SiloGenerationTests : IAsyncLifetime
{
    private const int Hour = 3600;
    private readonly int port = FreePorts.Take(1)[0];
    private string connection = "";

    public async Task InitializeAsync()
    {
        connection = await PostgresServer.CreateDatabaseAsync();
        var storage = await ServerStorage.OpenAsync(Options(), exclusive: true, static _ => { });
        await storage.DisposeAsync();
        await PostgresServer.ExecuteAsync(connection, "INSERT INTO clusters (cluster) VALUES ('lockstep'), ('another') ON CONFLICT DO NOTHING");
    }

    public async Task DisposeAsync() => await PostgresServer.DropDatabaseAsync(connection);

    [Fact]
    public async Task Raise_WhereTheLastStartHadALaterClock_ComesAfterIt()
    {
        var last = SiloAddress.AllocateNewGeneration() + Hour;
        await AddAsync("lockstep", port, last - 10);
        await AddAsync("lockstep", port, last);

        await SiloGeneration.RaiseAsync(Options(), default);

        Assert.InRange(SiloAddress.AllocateNewGeneration(), last + 1, last + Hour);
    }

    [Fact]
    public async Task Raise_WhereSilosOfOtherAddressesOrClustersHadOne_ChangesNothing()
    {
        var before = SiloAddress.AllocateNewGeneration();
        await AddAsync("lockstep", port - 1, before + (10 * Hour));
        await AddAsync("another", port, before + (10 * Hour));

        await SiloGeneration.RaiseAsync(Options(), default);

        Assert.InRange(SiloAddress.AllocateNewGeneration(), before + 1, before + (9 * Hour));
    }

    [Fact]
    public async Task Raise_WhereTheLastStartWasYearsAhead_IsRefused()
    {
        await AddAsync("lockstep", port, int.MaxValue);

        var refusal = await Assert.ThrowsAsync<SettingsException>(() => SiloGeneration.RaiseAsync(Options(), default));

        Assert.Contains("Cluster:SiloPort", refusal.Message, StringComparison.Ordinal);
    }

    private Task AddAsync(string cluster, int at, int generation) => PostgresServer.ExecuteAsync(
        connection,
        $"""
        INSERT INTO silos (cluster, address, port, generation, name, host, status, gateway_port, started, alive)
        VALUES ('{cluster}', '127.0.0.1', {at}, {generation}, 'silo', 'host', 6, 0, now(), now())
        """);

    private LockstepOptions Options() => new()
    {
        Postgres = new PostgresOptions { Connection = connection },
        Cluster = new LockstepOptions().Cluster with { Address = "127.0.0.1", SiloPort = port, TrustNetwork = true },
    };
}
