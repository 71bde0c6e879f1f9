using System.Net;
using System.Net.Sockets;
using Lockstep.Core.Buckets;
using Lockstep.Gateway.Http;
using Lockstep.Grains;
using Lockstep.Silo.Cluster;
using Lockstep.Silo.Hosting;
using Lockstep.Silo.Routing;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace Lockstep.Cluster.Tests;

/// <summary>A silo whose process has gone is dead as soon as a gateway and another silo have looked.</summary>
public sealed class WitnessTests : IAsyncLifetime
{
    private readonly Members members = new();
    private LockstepOptions options = new() { Urls = "http://127.0.0.1:0", Http = new HttpOptions { DrainTime = TimeSpan.Zero } };
    private WebApplication silo = null!;

    public async Task InitializeAsync()
    {
        options = options with
        {
            Postgres = new PostgresOptions { Connection = await PostgresServer.CreateDatabaseAsync() },
            // Probes find nothing out while a test goes on.
            Cluster = options.Cluster with { ProbeTimeout = TimeSpan.FromMinutes(1), MissedProbes = 100 },
        };
        silo = await members.AddAsync(options with { Role = ServerRole.Silo });
    }

    public async Task DisposeAsync()
    {
        await members.DisposeAsync();
        await PostgresServer.DropDatabaseAsync(options.Postgres.Connection!);
    }

    [Fact]
    public async Task Silo_ThatHasGone_IsDeadOnceAGatewayHasLooked()
    {
        var port = FreePorts.Take(1)[0];
        var gateway = await AddGatewayAsync();
        await AddRowAsync(port, status: 3);

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await StatusAsync(port) != 6)
        {
            await gateway.Services.GetRequiredService<SiloRoutes>().Look.WaitAsync(patience.Token);
        }
    }

    /// <summary>
    /// The directory of the cluster falls to the silo that has gone, as far as it is about what a gateway asks the living one first. It never answers, and probes find nothing out here.
    /// </summary>
    [Fact]
    public async Task Silo_ThatHadGoneBeforeTheGatewayStarted_IsDeadOnceItHasLooked_WhateverPartOfTheDirectoryIsItsOwn()
    {
        var port = FreePorts.Take(1)[0];
        var living = silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        uint[] asked = [.. new IAddressable[] { Grains.GetGrain<IWitnessGrain>(0), Grains.GetGrain<IReachableGrain>(0) }.Select(static grain => grain.GetGrainId().GetUniformHashCode())];
        var generation = Enumerable.Range(1, 100_000).First(number => asked.All(hash => IsAnsweredBy(SiloAt(port, number), living, hash)));
        await AddRowAsync(port, status: 3, generation: generation);
        var known = silo.Services.GetRequiredService<IClusterMembershipService>();
        await known.Refresh();
        Assert.True(known.CurrentSnapshot.Members.ContainsKey(SiloAt(port, generation)));

        var gateway = await AddGatewayAsync();

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await StatusAsync(port) != 6)
        {
            await gateway.Services.GetRequiredService<SiloRoutes>().Look.WaitAsync(patience.Token);
        }
    }

    /// <summary>A firewall refuses the gateway's connections, or nothing listens for gateways.</summary>
    [Fact]
    public async Task Silo_ThatOnlyAGatewayCannotReach_IsLeftAlone()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var gateway = await AddGatewayAsync();
        await AddRowAsync(port, status: 3, gatewayPort: FreePorts.Take(1)[0]);

        // Somebody looks at it, and goes away.
        using var looked = await listener.AcceptSocketAsync().WaitAsync(TimeSpan.FromSeconds(60));
        await gateway.Services.GetRequiredService<SiloRoutes>().Look.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(3, await StatusAsync(port));
    }

    [Fact]
    public async Task Silo_ThatRefusesConnections_IsDead()
    {
        var port = FreePorts.Take(1)[0];
        await AddRowAsync(port, status: 3);

        Assert.True(await Witness.IsGoneAsync(SiloAt(port)));
        Assert.Equal(3, await StatusAsync(port));
        await Witness.DeclareAsync(SiloAt(port));
        Assert.Equal(6, await StatusAsync(port));
    }

    [Fact]
    public async Task Silo_ThatTakesConnectionsAndSaysNothing_IsLeftToProbes()
    {
        using var hung = new TcpListener(IPAddress.Loopback, 0);
        hung.Start();
        var port = ((IPEndPoint)hung.LocalEndpoint).Port;
        await AddRowAsync(port, status: 3);

        Assert.False(await Witness.IsGoneAsync(SiloAt(port)));
        await Witness.DeclareAsync(SiloAt(port));
        Assert.Equal(3, await StatusAsync(port));
    }

    /// <summary>Its owners move, and it writes that it is dead itself.</summary>
    [Fact]
    public async Task Silo_ThatStops_IsLeftToItself()
    {
        var port = FreePorts.Take(1)[0];
        await AddRowAsync(port, status: 4);

        Assert.False(await Witness.IsGoneAsync(SiloAt(port)));
        await Witness.DeclareAsync(SiloAt(port));
        Assert.Equal(4, await StatusAsync(port));
    }

    /// <summary>With its way to the silo.</summary>
    private async Task<WebApplication> AddGatewayAsync()
    {
        var gateway = await members.AddAsync(options with { Role = ServerRole.Gateway });
        var routes = gateway.Services.GetRequiredService<SiloRoutes>();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (routes.FindRoute(BucketId.Named("any")) is null)
        {
            await routes.Look.WaitAsync(patience.Token);
        }

        return gateway;
    }

    private IGrainFactory Grains => silo.Services.GetRequiredService<IGrainFactory>();

    private IWitnessGrain Witness => Grains.GetGrain<IWitnessGrain>(0);

    private static SiloAddress SiloAt(int port, int generation = 1) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), generation);

    /// <summary>Of two silos the one has what is hashed from its own hash on to that of the other.</summary>
    private static bool IsAnsweredBy(SiloAddress one, SiloAddress other, uint hash)
    {
        var (from, to, at) = (one.GetConsistentHashCode(), other.GetConsistentHashCode(), unchecked((int)hash));
        return from < to ? from <= at && at < to : from <= at || at < to;
    }

    private Task AddRowAsync(int port, int status, int? gatewayPort = null, int generation = 1) => PostgresServer.ExecuteAsync(
        options.Postgres.Connection!,
        $"""
        UPDATE clusters SET version = version + 1;
        INSERT INTO silos (cluster, address, port, generation, name, host, status, gateway_port, started, alive)
        SELECT cluster, '127.0.0.1', {port}, {generation}, 'gone', 'gone', {status}, {gatewayPort ?? port}, clock_timestamp(), clock_timestamp() FROM silos LIMIT 1
        """);

    private async Task<int> StatusAsync(int port) =>
        Convert.ToInt32(await PostgresServer.QueryAsync(options.Postgres.Connection!, $"SELECT status FROM silos WHERE port = {port}"), null);
}
