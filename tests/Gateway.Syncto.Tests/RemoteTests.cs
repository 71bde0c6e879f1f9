using Lockstep.Gateway.Sync15.Tests;
using Lockstep.Gateway.Sync15.Tests.TokenServer;
using Lockstep.Gateway.Syncto.Opening;
using Lockstep.Gateway.Syncto.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>The storage of another server, by its TokenServer and signed requests.</summary>
public sealed class RemoteTests(RemoteTests.Servers servers) : IClassFixture<RemoteTests.Servers>
{
    private readonly SynctoServers origin = servers.Origin;
    private readonly SyncServer front = servers.Front;

    [Fact]
    public async Task Records_AreReadWrittenListedAndDeleted_AsThoseOfThisServer()
    {
        using var user = await origin.NewUserAsync();
        using var client = new SynctoClient(front.Address, user.Syncto.Token, user.State);
        (string, string)[] key = [("X-KeyID", TokenServers.Key(1_000, user.State))];
        await user.Device.PutAsync("/storage/bookmarks/a%2Fb", """{"payload":"of a device","sortindex":3}""");

        Assert.Equal("of a device", (await client.GetAsync(client.Records() + "/a%2Fb", key)).Data().GetProperty("payload").GetString());
        var put = (await client.PutAsync(client.Records() + "/c", """{"data":{"payload":"of a page","ttl":1000}}""", key)).AssertStatus(200);
        Assert.Equal("of a page", (await user.Device.GetAsync("/storage/bookmarks/c")).AssertOk().Json.GetProperty("payload").GetString());
        (await client.PutAsync(client.Records() + "/c", """{"data":{"payload":"x"}}""", [.. key, ("If-None-Match", "*")])).AssertRefused(412, 114);
        var stale = (await client.PutAsync(client.Records() + "/c", """{"data":{"payload":"x"}}""", [.. key, ("If-Match", $"\"{put.ETag() - 10}\"")])).AssertRefused(412, 114);
        Assert.Equal("of a page", stale.Json.GetProperty("details").GetProperty("existing").GetProperty("payload").GetString());
        (await client.SendAsync("PATCH", client.Records() + "/c", """{"data":{"sortindex":1}}""", key)).AssertStatus(200);

        var list = await client.GetAsync(client.Records() + "?_sort=oldest", key);
        Assert.Equal(["a/b", "c"], list.RecordIds());
        Assert.Equal("2", list.Headers["Total-Records"]);
        (await client.GetAsync(client.Records(), [.. key, ("If-None-Match", $"\"{list.ETag()}\"")])).AssertStatus(304);
        var page = await client.GetAsync(client.Records() + "?_limit=1", key);
        var next = await client.GetAsync(client.Records() + "?" + page.Headers["Next-Page"].Split('?')[1], key);
        Assert.Equal(["c", "a/b"], page.RecordIds().Concat(next.RecordIds()));
        Assert.Equal("bookmarks", (await client.GetAsync($"/v1/buckets/{user.State}/collections/bookmarks", key)).Data().GetProperty("id").GetString());
        (await client.GetAsync(client.Records() + "?_limit=x", key)).AssertRefused(400, 107);
        (await client.GetAsync(client.Records() + "/none", key)).AssertRefused(404, 110);
        (await client.SendAsync("PATCH", client.Records() + "/none", """{"data":{}}""", key)).AssertRefused(404, 110);

        (await client.DeleteAsync(client.Records() + "/c", key)).AssertStatus(204);
        Assert.Equal(["a/b"], (await user.Device.GetAsync("/storage/bookmarks")).AssertOk().Ids);
    }

    [Fact]
    public async Task Credentials_ThatTheOtherServerRefuses_Are401_AndThoseOfOthersOpenNothing()
    {
        using var user = await origin.NewUserAsync();
        using var other = await origin.NewUserAsync();
        using var client = new SynctoClient(front.Address, user.Syncto.Token, user.State);

        (await client.GetAsync(client.Records(), ("Authorization", "Bearer x"), ("X-KeyID", TokenServers.Key(1_000, user.State)))).AssertRefused(401, 105);
        (await client.GetAsync(client.Records(), ("Authorization", "Bearer " + other.Syncto.Token), ("X-KeyID", TokenServers.Key(1_000, user.State)))).AssertRefused(401, 105);
        (await client.GetAsync(client.Records(), ("Authorization", ""))).AssertRefused(401, 104);
        (await client.GetAsync("/v1/history")).AssertRefused(401, 104);
    }

    [Fact]
    public async Task Status_OfTheOtherServer_IsMapped_AndWhatItSaysForClientsIsPassedOn()
    {
        var status = 0;
        await using var other = await OtherServer.StartAsync();
        await using var mapped = new OwnedServer(await FrontAsync(other.Url + "1.0/sync/1.5"));
        using var client = new SynctoClient(mapped.Server.Address, "t", new string('a', 32));
        other.Storage = context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers["X-Weave-Alert"] = """{"code":"hard-eol"}""";
            context.Response.Headers["X-Weave-Backoff"] = "7";
            context.Response.Headers.Location = "http://127.0.0.1:1/";
            return context.Response.WriteAsync("{not JSON");
        };

        foreach (var (theirs, expected, errno) in new[]
        {
            (400, 400, 107), (401, 401, 105), (403, 403, 121), (404, 404, 110), (409, 503, 201), (413, 503, 201), (429, 503, 201), (500, 503, 201), (503, 503, 201), (302, 503, 201), (200, 503, 201),
        })
        {
            status = theirs;
            var answer = (await client.GetAsync(client.Records())).AssertRefused(expected, errno);
            if (status != 200)
            {
                Assert.Equal("""{"code":"hard-eol"}""", answer.Headers["Alert"]);
                Assert.Equal("7", answer.Headers["Backoff"]);
            }

            Assert.Equal(expected == 503, answer.Headers.ContainsKey("Retry-After"));
        }
    }

    [Fact]
    public async Task Headers_OfTheOtherServer_AreConverted_AndItsTokenIsAskedForOnce()
    {
        await using var other = await OtherServer.StartAsync();
        await using var mapped = new OwnedServer(await FrontAsync(other.Url + "1.0/sync/1.5"));
        using var client = new SynctoClient(mapped.Server.Address, "t", new string('a', 32));
        string? seen = null;
        other.Storage = context =>
        {
            seen = $"{context.Request.Path}{context.Request.QueryString} {context.Request.Headers["X-If-Modified-Since"]} {context.Request.Headers.UserAgent} {context.Request.Headers.Authorization.ToString()[..11]}";
            context.Response.Headers["X-Last-Modified"] = "1422375916.18";
            context.Response.Headers["X-Weave-Records"] = "1";
            context.Response.Headers["X-Weave-Next-Offset"] = "12 345";
            context.Response.Headers["X-Weave-Quota-Remaining"] = "31";
            return context.Response.WriteAsync("""[{"id":"a","modified":1422375916.18,"payload":"p"}]""");
        };

        for (var i = 0; i < 3; i++)
        {
            var answer = await client.GetAsync(client.Records() + "?_since=1422375916180&_limit=2&_sort=index", ("If-None-Match", "\"1422375916170\""), ("User-Agent", "Page"));
            Assert.Equal("""{"data":[{"id":"a","last_modified":1422375916180,"payload":"p"}]}""", answer.AssertStatus(200).Text);
            Assert.Equal(("\"1422375916180\"", "31"), (answer.Headers["ETag"], answer.Headers["Quota-Remaining"]));
            Assert.EndsWith("?_since=1422375916180&_limit=2&_sort=index&_token=12%20345", answer.Headers["Next-Page"], StringComparison.Ordinal);
            Assert.False(answer.Headers.ContainsKey("Total-Records"));
        }

        Assert.Matches(@"^/1\.5/7/storage/bookmarks\?full=1&newer=1422375916\.18&limit=2&sort=index 1422375916\.17 Lockstep/\S+ \(on behalf of Page\) Hawk id=""id$", seen);
        Assert.Equal(1, other.TokensGiven);

        // One that is taken no more is asked for again.
        other.Storage = static context =>
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        };
        (await client.GetAsync(client.Records())).AssertRefused(401, 105);
        (await client.GetAsync(client.Records())).AssertRefused(401, 105);
        Assert.Equal(2, other.TokensGiven);
    }

    [Fact]
    public async Task Server_ThatCannotBeReached_OrHangs_OrSaysTooMuch_Is503_AndTheHeartbeatTells()
    {
        const string unreachable = "Unable to reach the service. Check your internet connection or firewall configuration.";
        await using var other = await OtherServer.StartAsync();
        await using var mapped = new OwnedServer(await FrontAsync(
            other.Url + "1.0/sync/1.5", static options => options with { RemoteTimeout = TimeSpan.FromSeconds(3), MaxRemoteAnswerBytes = 1000 }));
        using var client = new SynctoClient(mapped.Server.Address, "t", new string('a', 32));
        (await client.GetAsync("/v1/__heartbeat__")).AssertStatus(200);

        other.Storage = static context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        (await client.GetAsync(client.Records())).AssertRefused(503, 201, unreachable);
        other.Storage = static context => context.Response.WriteAsync("[" + new string(' ', 2000) + "]");
        (await client.GetAsync(client.Records())).AssertRefused(503, 201, unreachable);
        foreach (var endpoint in new[] { "http://example.org/1.5/7", "file:///etc/passwd", "https://user@example.org/", "" })
        {
            other.Endpoint = endpoint;
            using var another = new SynctoClient(mapped.Server.Address, "t" + endpoint, new string('a', 32));
            (await another.GetAsync(another.Records())).AssertRefused(503, 201, unreachable);
        }

        await other.DisposeAsync();
        using var late = new SynctoClient(mapped.Server.Address, "late", new string('a', 32));
        (await late.GetAsync(late.Records())).AssertRefused(503, 201, unreachable);
        Assert.Equal("""{"cache":true,"sync":false}""", (await late.GetAsync("/v1/__heartbeat__")).AssertStatus(503).Text);
    }

    [Fact]
    public void Cache_KeepsWhatItHasNoLongerThanItIsTaken_AndHidesIt()
    {
        var time = new FakeTimeProvider();
        var cache = new CredentialsCache(new SynctoOptions { CredentialsTtl = TimeSpan.FromMinutes(5) }, time);
        var (one, two) = (new Credentials("token", null, "aa"), new Credentials("token", null, "bb"));
        cache.Keep(one, new HawkCredentials("id", "key", "https://example.org/1.5/1"), TimeSpan.FromMinutes(1));
        cache.Keep(two, new HawkCredentials("id2", "key2", "https://example.org/1.5/2"), TimeSpan.FromHours(1));

        Assert.Equal(new HawkCredentials("id", "key", "https://example.org/1.5/1"), cache.Find(one));
        Assert.Null(cache.Find(one with { Token = "other" }));
        Assert.Null(cache.Find(one with { KeyId = "1-aa" }));
        time.Advance(TimeSpan.FromSeconds(61));
        Assert.Null(cache.Find(one));
        Assert.NotNull(cache.Find(two));
        time.Advance(TimeSpan.FromMinutes(4));
        Assert.Null(cache.Find(two));
        Assert.DoesNotContain("token", one.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("key", new HawkCredentials("id", "key", "").ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://example.org/1.0/sync/1.5", "Syncto:TokenServerUrl is no URL of https, or of http on this machine. Use something like https://sync.example.org/1.0/sync/1.5.")]
    [InlineData("nonsense", "Syncto:TokenServerUrl is no URL of https, or of http on this machine. Use something like https://sync.example.org/1.0/sync/1.5.")]
    public void TokenServerUrl_ThatWouldCarryTokensInTheOpen_StopsTheStart(string url, string problem) =>
        Assert.Equal([problem], new SynctoOptions { Enabled = true, TokenServerUrl = url }.Problems(givesTokens: false));

    [Fact]
    public void Settings_ThatCannotBeTogether_StopTheStart()
    {
        Assert.Single(new SynctoOptions { Enabled = true }.Problems(givesTokens: false));
        Assert.Empty(new SynctoOptions { Enabled = true }.Problems(givesTokens: true));
        Assert.Empty(new SynctoOptions { Enabled = true, TokenServerUrl = "https://example.org/1.0/sync/1.5" }.Problems(givesTokens: false));
        Assert.Single(new SynctoOptions { TokenServerUrl = "https://example.org/1.0/sync/1.5" }.Problems(givesTokens: true));
        Assert.Single(new SynctoOptions { Enabled = true, PublicUrl = "https://example.org/v1" }.Problems(givesTokens: true));
        Assert.Single(new SynctoOptions { Enabled = true, PublicUrl = "example.org" }.Problems(givesTokens: true));
        Assert.Single(new SynctoOptions { Enabled = true, CorsOrigin = "a\nb" }.Problems(givesTokens: true));
    }

    /// <summary>A server without Sync of its own.</summary>
    private static Task<SyncServer> FrontAsync(string tokenServer, Func<SynctoOptions, SynctoOptions>? configure = null) => SyncServer.StartAsync(options => options with
    {
        Sync15 = new Sync15.Sync15Options(),
        Syncto = (configure ?? (static all => all))(new SynctoOptions { Enabled = true, PutEnabled = "*", DeleteEnabled = "*", TokenServerUrl = tokenServer }),
    });

    /// <summary>A server that has storages, and one that shows them.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        public SynctoServers Origin { get; } = new();

        public SyncServer Front { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            await Origin.InitializeAsync();
            Front = await FrontAsync(new Uri(Origin.Address, "/1.0/sync/1.5").AbsoluteUri);
        }

        public async Task DisposeAsync()
        {
            await Front.DisposeAsync();
            await Origin.DisposeAsync();
        }
    }

    private sealed class OwnedServer(SyncServer server) : IAsyncDisposable
    {
        public SyncServer Server => server;

        public async ValueTask DisposeAsync() => await server.DisposeAsync();
    }

    /// <summary>Says what a test wants it to.</summary>
    private sealed class OtherServer : IAsyncDisposable
    {
        private readonly WebApplication app;
        private int tokensGiven;

        private OtherServer(WebApplication app) => this.app = app;

        public string Url => app.Urls.First() + "/";

        public string? Endpoint { get; set; }

        public int TokensGiven => Volatile.Read(ref tokensGiven);

        public Func<HttpContext, Task> Storage { get; set; } = static _ => Task.CompletedTask;

        public static async Task<OtherServer> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            var web = builder.Build();
            web.Urls.Add("http://127.0.0.1:0");
            var server = new OtherServer(web);
            web.MapGet("/__heartbeat__", static () => "{}");
            web.MapGet("/1.0/sync/1.5", () =>
            {
                Interlocked.Increment(ref server.tokensGiven);
                return Results.Json(new { id = "id", key = "key", api_endpoint = server.Endpoint ?? server.Url + "1.5/7", duration = 300 });
            });
            web.Map("/1.5/7/{**rest}", context => server.Storage(context));
            await web.StartAsync();
            return server;
        }

        public async ValueTask DisposeAsync() => await app.DisposeAsync();
    }
}
