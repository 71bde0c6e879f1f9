using System.Net;
using Lockstep.Silo.Cluster;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Cluster.Tests;

/// <summary>Silos of two machines never make a cluster in which one of them has a loopback address.</summary>
public sealed class LoopbackCheckTests : IAsyncLifetime
{
    private readonly FakeTime time = new();
    private string connection = "";

    public async Task InitializeAsync()
    {
        connection = await PostgresServer.CreateDatabaseAsync();
        var storage = await ServerStorage.OpenAsync(Options("127.0.0.1"), exclusive: true, static _ => { });
        await storage.DisposeAsync();
        await PostgresServer.ExecuteAsync(connection, "INSERT INTO clusters (cluster) VALUES ('lockstep'), ('another') ON CONFLICT DO NOTHING");
    }

    public async Task DisposeAsync() => await PostgresServer.DropDatabaseAsync(connection);

    [Fact]
    public Task Check_OfTheFirstSilo_Passes() => Check("127.0.0.1").RunAsync(default);

    [Theory]
    [InlineData("127.0.0.1", true, "lockstep", "127.0.0.1")]
    [InlineData("10.0.0.1", false, "lockstep", "10.0.0.2")]
    [InlineData("127.0.0.1", false, "another", "127.0.0.1")]
    public async Task Check_OfOneThatTheOthersReach_Passes(string address, bool sameMachine, string cluster, string own)
    {
        await AddAsync(address, sameMachine ? Dns.GetHostName() : "elsewhere", cluster);

        await Check(own).RunAsync(default);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "10.0.0.2")]
    [InlineData("10.0.0.1", "127.0.0.1")]
    public async Task Check_BesideALivingSiloOfAnotherMachine_RefusesOnceThatGivesASignOfLife(string address, string own)
    {
        await AddAsync(address, "elsewhere", "lockstep");
        var check = Check(own).RunAsync(default);
        await time.Timers.ReachesAsync(1);
        Assert.False(check.IsCompleted);
        await PostgresServer.ExecuteAsync(connection, "UPDATE silos SET seen = clock_timestamp()");

        time.Advance(TimeSpan.FromSeconds(1));

        var refusal = await Assert.ThrowsAsync<SettingsException>(() => check);
        Assert.Contains("elsewhere", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Cluster:Address", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_BesideASiloThatComesMeanwhile_Refuses()
    {
        await AddAsync("127.0.0.1", "dead", "lockstep");
        var check = Check("127.0.0.1").RunAsync(default);
        await time.Timers.ReachesAsync(1);
        await AddAsync("127.0.0.2", "newcomer", "lockstep");

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Contains("newcomer", (await Assert.ThrowsAsync<SettingsException>(() => check)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_BesideASiloThatIsGone_PassesOnceItIsForgotten()
    {
        await AddAsync("127.0.0.1", "elsewhere", "lockstep");
        var check = Check("127.0.0.1").RunAsync(default);
        await time.Timers.ReachesAsync(1);
        await PostgresServer.ExecuteAsync(connection, "UPDATE silos SET seen = seen - interval '1 hour'");

        time.Advance(TimeSpan.FromSeconds(1));

        await check;
    }

    private Task AddAsync(string address, string host, string cluster) => PostgresServer.ExecuteAsync(
        connection,
        $"""
        INSERT INTO silos (cluster, address, port, generation, name, host, status, gateway_port, started, alive)
        VALUES ('{cluster}', '{address}', 11111, 1, '{host}', '{host}', 3, 0, now(), now())
        """);

    private LoopbackCheck Check(string address) => new(connection, Options(address), time);

    private LockstepOptions Options(string address) => new()
    {
        Postgres = new PostgresOptions { Connection = connection },
        Cluster = new LockstepOptions().Cluster with { Address = address, TrustNetwork = true },
    };
}
