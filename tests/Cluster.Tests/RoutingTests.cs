using System.Net;
using System.Net.Sockets;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Gateway.Http;
using Lockstep.Grains;
using Lockstep.Silo.Cluster;
using Lockstep.Silo.Hosting;
using Lockstep.Silo.Routing;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace Lockstep.Cluster.Tests;

/// <summary>Gateways that enter the cluster where an owner is, and owners that are where gateways enter.</summary>
public sealed class RoutingTests : IAsyncLifetime
{
    private const int Count = 60;
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);

    private readonly Members members = new();
    private readonly List<WebApplication> silos = [];
    private LockstepOptions options = new() { Urls = "http://127.0.0.1:0", Http = new HttpOptions { DrainTime = TimeSpan.Zero } };

    public async Task InitializeAsync()
    {
        options = options with { Postgres = new PostgresOptions { Connection = await PostgresServer.CreateDatabaseAsync() } };
        silos.Add(await AddSiloAsync());
        silos.Add(await AddSiloAsync());
    }

    public async Task DisposeAsync()
    {
        await members.DisposeAsync();
        await PostgresServer.DropDatabaseAsync(options.Postgres.Connection!);
    }

    [Fact]
    public async Task Gateways_EnterWhereTheOwnerIs()
    {
        var gateways = new[] { await AddGatewayAsync(), await AddGatewayAsync() };
        await Task.WhenAll(gateways.Select(gateway => UntilAsync(gateway, () => Entrances(gateway).Count == 2)));

        await WriteAllAsync(gateways[0]);

        Assert.All(Enumerable.Range(0, Count), i => Assert.All(gateways, gateway => Assert.Equal(OwnerOf(i), EntranceTo(gateway, i))));
        Assert.Equal(2, Enumerable.Range(0, Count).Select(OwnerOf).Distinct().Count());
    }

    [Fact]
    public async Task SiloComes_OwnersMoveToIt_AndGatewaysFollow_AndNothingFails()
    {
        var gateway = await AddGatewayAsync();
        await UntilAsync(gateway, () => Entrances(gateway).Count == 2);
        await WriteAllAsync(gateway);
        using var ended = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                await WriteAllAsync(gateway);
            }
        });

        silos.Add(await AddSiloAsync());

        await UntilAsync(gateway, () => Entrances(gateway).Count == 3 && Enumerable.Range(0, Count).All(i => OwnersOf(i) is [var owner] && owner == EntranceTo(gateway, i)));
        Assert.Equal(3, Enumerable.Range(0, Count).Select(OwnerOf).Distinct().Count());
        await ended.CancelAsync();
        await load;
    }

    [Fact]
    public async Task SiloStops_NothingFails_AndItsWayIsGivenUp()
    {
        var gateway = await AddGatewayAsync();
        await UntilAsync(gateway, () => Entrances(gateway).Count == 2);
        var gone = AddressOf(silos[0]);
        using var ended = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                await WriteAllAsync(gateway);
            }
        });

        await members.StopAsync(silos[0]);
        silos.RemoveAt(0);

        await UntilAsync(gateway, () => !Entrances(gateway).Contains(gone));
        await ended.CancelAsync();
        await load;
        Assert.All(Enumerable.Range(0, Count), i => Assert.Equal(OwnerOf(i), EntranceTo(gateway, i)));
    }

    [Fact]
    public async Task WayWithTrouble_IsAvoided_UntilItHasRestedAndAnswers()
    {
        var gateway = await AddGatewayAsync();
        await UntilAsync(gateway, () => Entrances(gateway).Count == 2);
        var routes = gateway.Services.GetRequiredService<SiloRoutes>();
        var entrance = EntranceTo(gateway, 0);

        routes.FindRoute(Bucket(0))!.Close();

        Assert.NotEqual(entrance, EntranceTo(gateway, 0));
        Assert.IsType<RecordWritten>(await WriteAsync(gateway, 0));
        await UntilAsync(gateway, () => EntranceTo(gateway, 0) == entrance);
    }

    /// <summary>Orleans takes what it has not called for a minute for idle.</summary>
    [Fact]
    public async Task OwnerInThisProcess_IsAskedDirectly_AndThroughOrleansOnceInAWhile()
    {
        var time = new ShiftedTime();
        var member = await members.AddAsync(options with { Role = ServerRole.All, Cluster = new ClusterSettings { Id = "alone" } }, time);
        var owners = member.Services.GetRequiredService<LocalOwners>();
        Assert.IsType<RecordWritten>(await WriteAsync(member, 0));
        var activated = owners.Called(Bucket(0));

        Assert.IsType<RecordWritten>(await WriteAsync(member, 0));
        Assert.Equal(activated, owners.Called(Bucket(0)));

        time.Shift = TimeSpan.FromSeconds(21);
        Assert.IsType<RecordWritten>(await WriteAsync(member, 0));
        Assert.True(TimeProvider.System.GetElapsedTime(activated, owners.Called(Bucket(0))) >= time.Shift);
    }

    /// <summary>Its home is where it is, so that there is nowhere to move it to.</summary>
    [Fact]
    public async Task Owner_WhoseMoveComesToNothing_Ends_AndTheNextRequestFindsAnother()
    {
        var member = await members.AddAsync(options with { Role = ServerRole.All, Cluster = new ClusterSettings { Id = "alone" } });
        var owners = member.Services.GetRequiredService<LocalOwners>();
        Assert.IsType<RecordWritten>(await WriteAsync(member, 0));

        for (var move = 0; move < 3; move++)
        {
            Assert.Equal(1, owners.Move(static _ => true, most: 10));
            Assert.False(owners.Has(Bucket(0)));
            Assert.IsType<RecordWritten>(await WriteAsync(member, 0));
            Assert.True(owners.Has(Bucket(0)));
        }
    }

    /// <summary>It takes connections and says nothing.</summary>
    [Fact]
    public async Task SiloThatDoesNotAnswer_HoldsUpNoLook()
    {
        var gateway = await AddGatewayAsync();
        await UntilAsync(gateway, () => Entrances(gateway).Count == 2);
        using var hung = new TcpListener(IPAddress.Loopback, 0);
        hung.Start();
        await PostgresServer.ExecuteAsync(options.Postgres.Connection!,
            $"""
            INSERT INTO silos (cluster, address, port, generation, name, host, status, gateway_port, started, alive)
            SELECT cluster, address, 1, 1, 'hung', 'hung', 3, {((IPEndPoint)hung.LocalEndpoint).Port}, clock_timestamp(), clock_timestamp() FROM silos LIMIT 1
            """);

        // :: It is being opened
        using var opening = await hung.AcceptSocketAsync().WaitAsync(TimeSpan.FromSeconds(60));
        var closed = Task.Run(() =>
        {
            while (opening.Receive(new byte[1024]) > 0)
            {
            }
        });

        // :: The look that began it, or the one after it, ends before that is given up
        await gateway.Services.GetRequiredService<SiloRoutes>().Look.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(closed.IsCompleted, "The look waited for it.");
    }

    private static BucketId Bucket(int number) => BucketId.DefaultBucket($"routed{number}");

    private static string AddressOf(WebApplication silo) => silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint.ToString();

    private static HashSet<string> Entrances(WebApplication gateway) =>
        [.. Enumerable.Range(0, Count).Select(i => EntranceTo(gateway, i)).OfType<string>()];

    private static string? EntranceTo(WebApplication gateway, int bucket) =>
        gateway.Services.GetRequiredService<SiloRoutes>().FindRoute(Bucket(bucket))?.Entrance.Silo.ToString();

    private static async Task WriteAllAsync(WebApplication gateway) =>
        Assert.All(await Task.WhenAll(Enumerable.Range(0, Count).Select(i => WriteAsync(gateway, i))), outcome => Assert.IsType<RecordWritten>(outcome));

    private static async Task<Outcome> WriteAsync(WebApplication gateway, int bucket)
    {
        var request = new BucketRequest(Alice, [new PutRecord(ObjectRef.Record("tasks", "a"), "{}"u8.ToArray())]);
        return (await gateway.Services.GetRequiredService<IBuckets>().Get(Bucket(bucket)).ExecuteAsync(request, default)).Outcomes[0];
    }

    /// <summary>Ways change, and so may where owners are, when the gateway looks which silos there are: every two seconds.</summary>
    private static async Task UntilAsync(WebApplication gateway, Func<bool> condition)
    {
        var routes = gateway.Services.GetRequiredService<SiloRoutes>();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            await routes.Look.WaitAsync(patience.Token);
        }
    }

    private Task<WebApplication> AddSiloAsync() => members.AddAsync(options with { Role = ServerRole.Silo }, departureTime: new ClusterSettings().DepartureTime);

    private Task<WebApplication> AddGatewayAsync() => members.AddAsync(options with { Role = ServerRole.Gateway });

    private List<string> OwnersOf(int bucket) =>
        [.. silos.Where(silo => silo.Services.GetRequiredService<LocalOwners>().Has(Bucket(bucket))).Select(AddressOf)];

    private string OwnerOf(int bucket) => Assert.Single(OwnersOf(bucket));

    /// <summary>The machine's monotonic clock, some time later.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override long GetTimestamp() => System.GetTimestamp() + (long)(Shift.TotalSeconds * System.TimestampFrequency);
    }
}
