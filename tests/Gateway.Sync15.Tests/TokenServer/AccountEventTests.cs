using System.Text.Json.Nodes;
using Lockstep.Core.Assignments;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>What an account server says of its accounts. Each test has a user of its own.</summary>
public sealed class AccountEventTests(AccountEventTests.Fixture fixture) : IClassFixture<AccountEventTests.Fixture>
{
    private const string Audience = "the sync server";
    private readonly TokenServers servers = fixture.Servers;
    private readonly string user = $"u-{Guid.NewGuid():N}";

    /// <summary>A server that takes events.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public TokenServers Servers { get; } = new(static options => options with { Issuer = options.Issuer with { EventsAudience = Audience } });

        public Task InitializeAsync() => Servers.InitializeAsync();

        public Task DisposeAsync() => Servers.DisposeAsync();
    }

    [Theory]
    [InlineData("/1.0/webhooks/fxa/events")]
    [InlineData("/token/1.0/webhooks/fxa/events")]
    public async Task Account_ThatIsDeleted_GetsNoTokenAnyMore_AndTheStoreIsWrittenNoMore(string path)
    {
        using var device = await servers.DeviceAsync(user, 100, 100, "aa");
        Assert.Equal((200, ""), await SendAsync(Event(user, "delete-user"), path));

        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertError(401, 0);
        foreach (var generation in new long[] { 0, 100, 900 })
        {
            var answer = await servers.AskAsync(servers.Accounts.Opaque(user, generation), TokenServers.Key(100, "aa"));
            Assert.Equal((401, "invalid-generation"), (answer.Status, answer.Json.GetProperty("status").GetString()));
        }

        Assert.Equal((200, ""), await SendAsync(Event(user, "delete-user"), path));
        Assert.Equal((200, ""), await SendAsync(Event("nobody", "delete-user"), path));
        Assert.All(await FindAsync(user), static store => Assert.True(store is { IsRetired: true, IsClosed: true }));
        Assert.Empty(await FindAsync("nobody"));
    }

    [Fact]
    public async Task Password_ThatChanges_RaisesTheGenerationToJustBeforeIt_AndNeverLowersIt()
    {
        using var device = await servers.DeviceAsync(user, 100, 100, "aa");
        Assert.Equal((200, ""), await SendAsync(Event(user, "password-change", new JsonObject { ["changeTime"] = 500 })));
        Assert.Equal(new UserKeys(499, "aa", 100), (await FindAsync(user))[0].Keys);
        Assert.Equal((200, ""), await SendAsync(Event(user, "password-change", new JsonObject { ["changeTime"] = 400 })));
        Assert.Equal(new UserKeys(499, "aa", 100), (await FindAsync(user))[0].Keys);

        Assert.Equal(401, (await servers.AskAsync(servers.Accounts.Opaque(user, 498), TokenServers.Key(100, "aa"))).Status);
        using var again = await servers.DeviceAsync(user, 499, 100, "aa");
        Assert.Equal(device.Uid, again.Uid);
        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
    }

    [Fact]
    public async Task Event_OfAnotherKind_OrWithoutItsTime_IsPassedOver()
    {
        using var device = await servers.DeviceAsync(user, 100, 100, "aa");
        foreach (var other in new[]
        {
            Event(user, "profile-change"), Event(user, "subscription-state-change"), Event(user, "password-change"),
            Event(user, "password-change", new JsonObject { ["changeTime"] = "500" }), Event(user, "password-change", new JsonObject { ["changeTime"] = long.MaxValue }),
        })
        {
            Assert.Equal((200, ""), await SendAsync(other));
        }

        Assert.Equal(new UserKeys(100, "aa", 100), Assert.Single(await FindAsync(user)).Keys);
    }

    [Fact]
    public async Task Event_OfAnotherIssuerOrAudience_OrNotSigned_OrOver_Is401_AndChangesNothing()
    {
        using var device = await servers.DeviceAsync(user, 100, 100, "aa");
        const string refused = """{"status":"invalid-credentials","errors":[{"location":"body","name":"","description":"Unauthorized"}]}""";
        foreach (var bad in new[]
        {
            Event(user, "delete-user", change: claims => claims["iss"] = "https://accounts.example.com"),
            Event(user, "delete-user", change: claims => claims["aud"] = "another"),
            Event(user, "delete-user", change: claims => claims["aud"] = null),
            Event(user, "delete-user", change: claims => claims["exp"] = 1),
            Event(user, "delete-user", change: claims => claims["events"] = null),
            servers.Accounts.Signed(user, change: claims => Put(claims, "delete-user", null), key: AccountServer.Another),
            servers.Accounts.Signed(user), servers.Accounts.Opaque(user), "nothing",
        })
        {
            Assert.Equal((401, refused), await SendAsync(bad));
        }

        Assert.Equal(401, (await servers.AskAsync(null, null, "/1.0/webhooks/fxa/events", "POST")).Status);
        Assert.False(Assert.Single(await FindAsync(user)).IsRetired);
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Events_WhereNoneAreTaken_Are401()
    {
        await using var own = new Owned(await TokenServers.StartAsync());
        var answer = await own.Servers.AskAsync(own.Servers.Accounts.Signed(user, change: claims => Put(claims, "delete-user", null)), null, "/1.0/webhooks/fxa/events", "POST");

        Assert.Equal(401, answer.Status);
    }

    private static void Put(JsonObject claims, string name, JsonObject? about)
    {
        claims["aud"] = Audience;
        claims["exp"] = null;
        claims["events"] = new JsonObject { ["https://schemas.accounts.firefox.com/event/" + name] = about ?? new JsonObject() };
    }

    private string Event(string subject, string name, JsonObject? about = null, Action<JsonObject>? change = null) => servers.Accounts.Signed(
        subject,
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

    private async Task<IReadOnlyList<Assignment>> FindAsync(string subject) => await servers.Assignments.FindAsync(servers.User(subject), CancellationToken.None);
}
