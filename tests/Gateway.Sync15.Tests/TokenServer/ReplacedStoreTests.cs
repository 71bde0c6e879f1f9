using System.Net;
using System.Net.Sockets;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Federation;
using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>What becomes of stores that were replaced.</summary>
public sealed class ReplacedStoreTests : IAsyncLifetime
{
    private readonly FakeTime time = new(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
    private readonly Sync15Options options = new() { TokenSecrets = SyncServer.Secret, ReplacedRetention = TimeSpan.FromDays(7) };
    private TokenServers servers = null!;

    public async Task InitializeAsync() => servers = await TokenServers.StartAsync(time: time);

    public Task DisposeAsync() => servers.DisposeAsync();

    [Fact]
    public async Task Data_OfAReplacedStore_IsKeptForAWhile_ThenRemoved_AndThatOfOthersStays()
    {
        using var before = await servers.DeviceAsync("u", 100, 100, "aa");
        using var other = await servers.DeviceAsync("v", 100, 100, "aa");
        (await before.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        (await other.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        using var after = await servers.DeviceAsync("u", 200, 200, "bb");
        (await after.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        var sweep = Sweep();

        await sweep.StepAsync(CancellationToken.None);
        time.Advance(options.ReplacedRetention - TimeSpan.FromMinutes(1));
        await sweep.StepAsync(CancellationToken.None);
        Assert.True(await HasDataAsync(before.Uid));

        // A round is not begun before its time.
        time.Advance(TimeSpan.FromMinutes(2));
        await sweep.StepAsync(CancellationToken.None);
        Assert.True(await HasDataAsync(before.Uid));
        time.Advance(ReplacedStores.Pause);
        await sweep.StepAsync(CancellationToken.None);

        Assert.False(await HasDataAsync(before.Uid));
        Assert.True(await HasDataAsync(after.Uid));
        Assert.True(await HasDataAsync(other.Uid));
        Assert.Equal([after.Uid], (await FindAsync("u")).Select(static store => store.Number));
        Assert.Equal(401, (await before.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).Status);
    }

    [Fact]
    public async Task Data_OfAUserWhoChangesTheKeyAgainAndAgain_IsKeptOfTheLastReplacedStoreOnly_AndTheKeysOfAllStayOld()
    {
        using var first = await servers.DeviceAsync("u", 100, 100, "aa");
        (await first.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        using var second = await servers.DeviceAsync("u", 200, 200, "bb");
        (await second.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        using var third = await servers.DeviceAsync("u", 300, 300, "cc");
        (await third.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        var sweep = Sweep();

        await sweep.StepAsync(CancellationToken.None);
        time.Advance(ReplacedStores.Pause);
        await sweep.StepAsync(CancellationToken.None);

        Assert.False(await HasDataAsync(first.Uid));
        Assert.True(await HasDataAsync(second.Uid));
        Assert.True(await HasDataAsync(third.Uid));
        Assert.Equal([third.Uid, second.Uid, first.Uid], (await FindAsync("u")).Select(static store => store.Number));
        Assert.Equal(401, (await servers.AskAsync(servers.Accounts.Opaque("u", 400), TokenServers.Key(400, "aa"))).Status);

        time.Advance(options.ReplacedRetention);
        await sweep.StepAsync(CancellationToken.None);
        Assert.Equal([third.Uid], (await FindAsync("u")).Select(static store => store.Number));
    }

    [Fact]
    public async Task Data_UnderTheKeyBefore_IsKept_WhereTheStoreAfterItIsReplacedWithTheSameKey()
    {
        using var first = await servers.DeviceAsync("u", 100, 100, "aa");
        (await first.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        using var second = await servers.DeviceAsync("u", 200, 200, "bb");
        var sweep = Sweep();

        // As when a node goes: there is none for a while, and then another.
        Assert.True(await servers.Assignments.EndAsync((await FindAsync("u"))[0], retire: false, ServerTimestamp.Now(time), CancellationToken.None));
        await sweep.StepAsync(CancellationToken.None);
        Assert.True(await HasDataAsync(first.Uid));
        using var third = await servers.DeviceAsync("u", 200, 200, "bb");
        time.Advance(ReplacedStores.Pause);
        await sweep.StepAsync(CancellationToken.None);
        Assert.True(await HasDataAsync(first.Uid));

        using var fourth = await servers.DeviceAsync("u", 300, 300, "cc");
        time.Advance(ReplacedStores.Pause);
        await sweep.StepAsync(CancellationToken.None);
        Assert.False(await HasDataAsync(first.Uid));
    }

    [Fact]
    public async Task User_WhoIsGone_IsEmptied_AndKeptOutAllTheSame()
    {
        using var device = await servers.DeviceAsync("u", 100, 100, "aa");
        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        Assert.True(await servers.Assignments.EndAsync((await FindAsync("u"))[0], retire: true, ServerTimestamp.Now(time), CancellationToken.None));
        time.Advance(TimeSpan.FromDays(8));

        await Sweep().StepAsync(CancellationToken.None);

        Assert.False(await HasDataAsync(device.Uid));
        Assert.Equal(401, (await servers.AskAsync(servers.Accounts.Opaque("u", 900), TokenServers.Key(900, "bb"))).Status);
    }

    [Fact]
    public async Task Store_ThatIsNotClosedYet_IsClosed()
    {
        using var before = await servers.DeviceAsync("u", 100, 100, "aa");
        (await before.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        Assert.True(await servers.Assignments.EndAsync((await FindAsync("u"))[0], retire: false, ServerTimestamp.Now(time), CancellationToken.None));

        // The server's own sweep may have come first.
        await Sweep().StepAsync(CancellationToken.None);

        Assert.True((await FindAsync("u"))[0].IsClosed);
        (await before.PutAsync("/storage/tabs/a", """{"payload":"y"}""")).AssertError(401, 0);
    }

    [Fact]
    public async Task Data_OnANode_IsRemovedThere_AndAsksAgainWhereTheNodeIsAway()
    {
        // The node is a server of its own, with the same secret.
        var node = await SyncServer.StartAsync(time: time);
        var url = node.Address.ToString().TrimEnd('/');
        await servers.Assignments.PutNodeAsync(url, 10, isDown: false, isDraining: false, CancellationToken.None);
        await servers.Assignments.PutNodeAsync("http://127.0.0.1:1", 10, isDown: true, isDraining: false, CancellationToken.None);
        var store = (await servers.Assignments.GiveAsync(servers.User("u"), null, new UserKeys(0, "aa", 100), 1, null, ServerTimestamp.Now(time), CancellationToken.None))!;
        var away = (await servers.Assignments.GiveAsync(servers.User("v"), null, new UserKeys(0, "aa", 100), 2, null, ServerTimestamp.Now(time), CancellationToken.None))!;
        using var device = node.Device(store.Number);
        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        Assert.True(await servers.Assignments.EndAsync(store, retire: false, ServerTimestamp.Now(time), CancellationToken.None));
        Assert.True(await servers.Assignments.EndAsync(away, retire: false, ServerTimestamp.Now(time), CancellationToken.None));
        time.Advance(TimeSpan.FromDays(8));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => Sweep().StepAsync(CancellationToken.None));

        using var again = node.Device(store.Number);
        Assert.Equal("{}", (await again.GetAsync("/info/collections")).AssertOk().Text);
        Assert.Empty(await FindAsync("u"));
        Assert.True(Assert.Single(await FindAsync("v")).IsClosed);
        await node.DisposeAsync();
    }

    [Fact]
    public async Task Node_ThatFails_IsAskedOnceARound_HoweverManyStoresItHas()
    {
        using var node = new TcpListener(IPAddress.Loopback, 0);
        node.Start();
        var asked = 0;
        var failing = FailAllAsync();
        await servers.Assignments.PutNodeAsync($"http://{node.LocalEndpoint}", 10, isDown: false, isDraining: false, CancellationToken.None);
        foreach (var user in new[] { "u", "v", "w" })
        {
            var store = (await servers.Assignments.GiveAsync(servers.User(user), null, new UserKeys(0, "aa", 100), 1, null, ServerTimestamp.Now(time), CancellationToken.None))!;
            Assert.True(await servers.Assignments.EndAsync(store, retire: false, ServerTimestamp.Now(time), CancellationToken.None));
        }

        time.Advance(TimeSpan.FromDays(8));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Sweep().StepAsync(CancellationToken.None));

        node.Stop();
        await failing;
        Assert.Equal(1, asked);

        async Task FailAllAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await node.AcceptTcpClientAsync();
                    asked++;
                    Assert.True(await client.GetStream().ReadAsync(new byte[8192]) > 0);
                    await client.GetStream().WriteAsync("HTTP/1.1 500 Fault\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
                }
            }
            catch (SocketException)
            {
                // Stopped.
            }
        }
    }

    private async Task<IReadOnlyList<Assignment>> FindAsync(string user) => await servers.Assignments.FindAsync(servers.User(user), CancellationToken.None);

    private async Task<bool> HasDataAsync(long uid)
    {
        using var device = servers.Sync.Device(uid);
        return (await device.GetAsync("/storage/tabs/a")).Status == 200;
    }

    private ReplacedStores Sweep()
    {
        var services = servers.Sync.Services;
        return new ReplacedStores(
            servers.Assignments, services.GetRequiredService<IAccountStore>(), services.GetRequiredService<IBuckets>(), services.GetRequiredService<TokenSigner>(),
            services.GetRequiredService<OtherServerClient>(), options, time);
    }
}
