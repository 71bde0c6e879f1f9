using System.Text.Json.Nodes;
using Lockstep.Core.Assignments;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>What an account server says of its accounts.</summary>
public sealed class AccountEventTests : IAsyncLifetime
{
    private const string Audience = "the sync server";
    private TokenServers servers = null!;

    public async Task InitializeAsync() =>
        servers = await TokenServers.StartAsync(options => options with { Issuer = options.Issuer with { EventsAudience = Audience } });

    public Task DisposeAsync() => servers.DisposeAsync();

    [Theory]
    [InlineData("/1.0/webhooks/fxa/events")]
    [InlineData("/token/1.0/webhooks/fxa/events")]
    public async Task Account_ThatIsDeleted_GetsNoTokenAnyMore_AndTheStoreIsWrittenNoMore(string path)
    {
        using var device = await servers.DeviceAsync("u", 100, 100, "aa");
        Assert.Equal((200, ""), await SendAsync(Event("u", "delete-user"), path));

        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertError(401, 0);
        foreach (var generation in new long[] { 0, 100, 900 })
        {
            var answer = await servers.AskAsync(servers.Accounts.Opaque("u", generation), TokenServers.Key(100, "aa"));
            Assert.Equal((401, "invalid-generation"), (answer.Status, answer.Json.GetProperty("status").GetString()));
        }

        Assert.Equal((200, ""), await SendAsync(Event("u", "delete-user"), path));
        Assert.Equal((200, ""), await SendAsync(Event("nobody", "delete-user"), path));
        Assert.All(await FindAsync("u"), static store => Assert.True(store is { IsRetired: true, IsClosed: true }));
        Assert.Empty(await FindAsync("nobody"));
    }

    [Fact]
    public async Task Password_ThatChanges_RaisesTheGenerationToJustBeforeIt_AndNeverLowersIt()
    {
        using var device = await servers.DeviceAsync("u", 100, 100, "aa");
        Assert.Equal((200, ""), await SendAsync(Event("u", "password-change", new JsonObject { ["changeTime"] = 500 })));
        Assert.Equal(new UserKeys(499, "aa", 100), (await FindAsync("u"))[0].Keys);
        Assert.Equal((200, ""), await SendAsync(Event("u", "password-change", new JsonObject { ["changeTime"] = 400 })));
        Assert.Equal(new UserKeys(499, "aa", 100), (await FindAsync("u"))[0].Keys);

        Assert.Equal(401, (await servers.AskAsync(servers.Accounts.Opaque("u", 498), TokenServers.Key(100, "aa"))).Status);
        using var again = await servers.DeviceAsync("u", 499, 100, "aa");
        Assert.Equal(device.Uid, again.Uid);
        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
    }

    [Fact]
    public async Task Event_OfAnotherKind_OrWithoutItsTime_IsPassedOver()
    {
        using var device = await servers.DeviceAsync("u", 100, 100, "aa");
        foreach (var other in new[]
        {
            Event("u", "profile-change"), Event("u", "subscription-state-change"), Event("u", "password-change"),
            Event("u", "password-change", new JsonObject { ["changeTime"] = "500" }), Event("u", "password-change", new JsonObject { ["changeTime"] = long.MaxValue }),
        })
        {
            Assert.Equal((200, ""), await SendAsync(other));
        }

        Assert.Equal(new UserKeys(100, "aa", 100), Assert.Single(await FindAsync("u")).Keys);
    }

    [Fact]
    public async Task Event_OfAnotherIssuerOrAudience_OrNotSigned_OrOver_Is401_AndChangesNothing()
    {
        using var device = await servers.DeviceAsync("u", 100, 100, "aa");
        const string refused = """{"status":"invalid-credentials","errors":[{"location":"body","name":"","description":"Unauthorized"}]}""";
        foreach (var bad in new[]
        {
            Event("u", "delete-user", change: claims => claims["iss"] = "https://accounts.example.com"),
            Event("u", "delete-user", change: claims => claims["aud"] = "another"),
            Event("u", "delete-user", change: claims => claims["aud"] = null),
            Event("u", "delete-user", change: claims => claims["exp"] = 1),
            Event("u", "delete-user", change: claims => claims["events"] = null),
            servers.Accounts.Signed("u", change: claims => Put(claims, "delete-user", null), key: AccountServer.Another),
            servers.Accounts.Signed("u"), servers.Accounts.Opaque("u"), "nothing",
        })
        {
            Assert.Equal((401, refused), await SendAsync(bad));
        }

        Assert.Equal(401, (await servers.AskAsync(null, null, "/1.0/webhooks/fxa/events", "POST")).Status);
        Assert.False(Assert.Single(await FindAsync("u")).IsRetired);
    }

    [Fact]
    public async Task Events_WhereNoneAreTaken_Are401()
    {
        await using var own = new Owned(await TokenServers.StartAsync());
        var answer = await own.Servers.AskAsync(own.Servers.Accounts.Signed("u", change: claims => Put(claims, "delete-user", null)), null, "/1.0/webhooks/fxa/events", "POST");

        Assert.Equal(401, answer.Status);
    }

    private static void Put(JsonObject claims, string name, JsonObject? about)
    {
        claims["aud"] = Audience;
        claims["exp"] = null;
        claims["events"] = new JsonObject { ["https://schemas.accounts.firefox.com/event/" + name] = about ?? new JsonObject() };
    }

    private string Event(string user, string name, JsonObject? about = null, Action<JsonObject>? change = null) => servers.Accounts.Signed(
        user,
        change: claims =>
        {
            claims.Remove("scope");
            Put(claims, name, about);
            change?.Invoke(claims);
        },
        type: "secevent+jwt");

    private async Task<(int Status, string Body)> SendAsync(string token, string path = "/1.0/webhooks/fxa/events")
    {
        var answer = await servers.AskAsync(token, null, path, "POST");
        return (answer.Status, answer.Text);
    }

    private async Task<IReadOnlyList<Assignment>> FindAsync(string user) => await servers.Assignments.FindAsync(servers.User(user), CancellationToken.None);
}
