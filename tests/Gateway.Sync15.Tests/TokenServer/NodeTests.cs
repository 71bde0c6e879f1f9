using Lockstep.Core.Assignments;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>Stores on several nodes.</summary>
public sealed class NodeTests : IAsyncLifetime
{
    private const string Full = """{"status":"internal-error","errors":[{"location":"internal","name":"","description":"Server error"}]}""";
    private TokenServers servers = null!;

    public async Task InitializeAsync() => servers = await TokenServers.StartAsync(static options => options with { NodeReleaseRate = 0.5 });

    public Task DisposeAsync() => servers.DisposeAsync();

    [Fact]
    public async Task Users_ArePlacedByLoad_UntilNoNodeHasRoom_AndStayWhereTheyAre()
    {
        await PutAsync("https://a.example.org", 2);
        await PutAsync("https://b.example.org/sync", 2);
        var endpoints = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            endpoints.Add(Endpoint(await AskAsync($"u{i}")));
        }

        Assert.Equal([2, 2], endpoints.GroupBy(static endpoint => endpoint[..9]).Select(static group => group.Count()));
        Assert.Contains(endpoints, static endpoint => endpoint.StartsWith("https://b.example.org/sync/1.5/", StringComparison.Ordinal));
        var full = await AskAsync("u4");
        Assert.Equal((503, Full), (full.Status, full.Text));
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(endpoints[i], Endpoint(await AskAsync($"u{i}")));
        }

        // A reset stays on its node, with another store.
        var reset = Endpoint(await servers.AskAsync(servers.Accounts.Opaque("u0", 200), TokenServers.Key(200, "bb")));
        Assert.Equal(endpoints[0][..20], reset[..20]);
        Assert.NotEqual(endpoints[0], reset);
    }

    [Fact]
    public async Task Node_ThatIsDownOrDraining_GetsNoNewUsers_AndKeepsItsOwn()
    {
        await PutAsync("https://a.example.org", 10);
        var first = Endpoint(await AskAsync("u0"));
        await servers.Assignments.PutNodeAsync("https://a.example.org", 10, isDown: false, isDraining: true, CancellationToken.None);
        await PutAsync("https://b.example.org", 10);

        Assert.StartsWith("https://b.", Endpoint(await AskAsync("u1")), StringComparison.Ordinal);
        Assert.Equal(first, Endpoint(await AskAsync("u0")));
        await servers.Assignments.PutNodeAsync("https://b.example.org", 10, isDown: true, isDraining: false, CancellationToken.None);
        Assert.Equal(503, (await AskAsync("u2")).Status);
    }

    [Fact]
    public async Task Node_ThatIsRemoved_LosesItsUsersToAnother_WithTheKeysThatAreKnown()
    {
        await PutAsync("https://a.example.org", 10);
        var before = await AskAsync("u0");
        Assert.True(await servers.Assignments.RemoveNodeAsync("https://a.example.org", ServerTimestamp.Now(servers.Time), CancellationToken.None));
        await PutAsync("https://b.example.org", 10);

        var after = await AskAsync("u0");
        Assert.StartsWith("https://b.", Endpoint(after), StringComparison.Ordinal);
        Assert.NotEqual(before.Json.GetProperty("uid").GetInt64(), after.Json.GetProperty("uid").GetInt64());
        Assert.Equal("https://b.example.org", new TokenSigner([SyncServer.Secret]).Verify(after.Json.GetProperty("id").GetString()!)!.Value.Token.Node);
        Assert.Equal(new UserKeys(0, "aa", 100), (await servers.Assignments.FindAsync(servers.User("u0"), CancellationToken.None))[0].Keys);
    }

    [Fact]
    public async Task Users_OfThisServer_StayHere_WhenNodesAreAdded()
    {
        using var device = servers.Device(await AskAsync("u0"));
        await PutAsync("https://a.example.org", 10);

        Assert.Equal(device.Uid, servers.Device(await AskAsync("u0")).Uid);
        Assert.StartsWith(servers.Sync.Address.ToString(), Endpoint(await AskAsync("u0")), StringComparison.Ordinal);
    }

    private static string Endpoint(SyncAnswer answer)
    {
        Assert.True(answer.Status == 200, $"{answer.Status}: {answer.Text}");
        return answer.Json.GetProperty("api_endpoint").GetString()!;
    }

    private Task<SyncAnswer> AskAsync(string user) => servers.AskAsync(servers.Accounts.Opaque(user), TokenServers.Key(100, "aa"));

    private async Task PutAsync(string url, int capacity) => await servers.Assignments.PutNodeAsync(url, capacity, isDown: false, isDraining: false, CancellationToken.None);
}
