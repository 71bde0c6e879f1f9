using System.Text.Json;
using Lockstep.Gateway.Sync15.Tests;

namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>What is served beside data: root, redirects, health, pages of other origins, the older forms.</summary>
[Collection(SharedServer.Name)]
public sealed class ServiceTests(SynctoServers servers)
{
    private static readonly string[] RootKeys =
    [
        "hello", "version", "commit", "url", "documentation", "project_name", "project_version", "project_docs", "http_api_version", "cliquet_protocol_version", "settings", "capabilities",
    ];

    [Fact]
    public async Task Root_HasTheKeysOfAllVersions_AndTellsWhoSignedIn()
    {
        using var user = await servers.NewUserAsync();

        var anybody = (await user.Syncto.GetAsync("/v1/", ("Authorization", ""))).AssertStatus(200).Json;
        var somebody = (await user.Syncto.GetAsync("/v1/")).AssertStatus(200).Json;

        Assert.Equal(RootKeys, anybody.EnumerateObject().Select(static key => key.Name));
        Assert.Equal("syncto", anybody.GetProperty("hello").GetString());
        Assert.Equal($"{servers.Address}syncto/v1", anybody.GetProperty("url").GetString());
        Assert.Equal("""{"batch_max_requests":25,"cliquet.batch_max_requests":25,"readonly":false}""", anybody.GetProperty("settings").GetRawText());
        Assert.Equal($"syncto:{servers.Accounts.Name}#{user.Name}", somebody.GetProperty("userid").GetString());
        Assert.Equal(somebody.GetProperty("userid").GetString(), somebody.GetProperty("user").GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("", "/syncto/v1/")]
    [InlineData("/", "/syncto/v1/")]
    [InlineData("/v1", "/syncto/v1/")]
    [InlineData("/v0", "/syncto/v1/")]
    [InlineData("/v0/", "/syncto/v1/")]
    [InlineData("/history?_since=5", "/syncto/v1/history?_since=5")]
    [InlineData("/v0/history?_since=5", "/syncto/v1/history?_since=5")]
    [InlineData("/v1/history/", "/syncto/v1/history")]
    [InlineData("/v0/buckets/syncto/collections/tabs/records", "/syncto/v1/buckets/syncto/collections/tabs/records")]
    [InlineData("/fxa-oauth/params", "/syncto/v1/fxa-oauth/params")]
    [InlineData("/v0/fxa-oauth/params/", "/syncto/v0/fxa-oauth/params")]
    public async Task Path_WithoutTheVersion_OrWithASlash_IsRedirected_WithItsQuery(string path, string location)
    {
        using var client = new SynctoClient(servers.Address, "none", "none");

        foreach (var method in new[] { "GET", "PUT", "DELETE" })
        {
            Assert.Equal(location, (await client.SendAsync(method, path)).AssertStatus(307).Headers["Location"]);
        }
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Redirect_ToAPublicUrl_IsWhole()
    {
        var named = await SynctoServers.StartAsync(static options => options with { PublicUrl = "https://syncto.example.org" });
        try
        {
            using var client = new SynctoClient(named.Address, "none", "none");

            Assert.Equal("https://syncto.example.org/v1/", (await client.GetAsync("/")).AssertStatus(307).Headers["Location"]);
            Assert.Equal("https://syncto.example.org/v1", (await client.GetAsync("/v1/")).Json.GetProperty("url").GetString());
        }
        finally
        {
            await named.DisposeAsync();
        }
    }

    [Fact]
    public async Task Version_ThatIsNone_AndPathsThatAreNone_Are404_AndMethods405()
    {
        using var client = new SynctoClient(servers.Address, "none", "none");

        (await client.GetAsync("/v2/history")).AssertRefused(404, 116);
        (await client.GetAsync("/v1/nothing")).AssertRefused(404, 111);
        (await client.GetAsync("/v1/forms")).AssertRefused(404, 111);
        (await client.GetAsync("/v1/buckets")).AssertRefused(404, 111);
        (await client.SendAsync("POST", "/v1/history")).AssertRefused(405, 115, "Method not allowed on this endpoint.");
        Assert.Equal("GET, HEAD, OPTIONS", (await client.DeleteAsync("/v1/history")).AssertRefused(405, 115).Headers["Allow"]);
        (await client.GetAsync("/v1/history?%zz=1")).AssertRefused(400, 107);
    }

    [Fact]
    public async Task Kinto_HasItsOwnPaths_AndKnowsNothingOfThese()
    {
        using var user = await servers.NewUserAsync();

        Assert.Equal("Lockstep", (await user.Syncto.SendBytesAsync("GET", "/v1/", body: null)).Json.GetProperty("project_name").GetString());
        Assert.Equal(401, (await user.Syncto.SendBytesAsync("GET", $"/v1/buckets/{user.State}/collections/bookmarks/records", body: null)).Status);
        Assert.Equal(404, (await user.Syncto.SendBytesAsync("GET", "/v1/history", body: null)).Status);
    }

    [Fact]
    public async Task Heartbeat_TellsOfCacheAndSync()
    {
        using var client = new SynctoClient(servers.Address, "none", "none");

        Assert.Equal("""{"cache":true,"sync":true}""", (await client.GetAsync("/v1/__heartbeat__")).AssertStatus(200).Text);
        Assert.Equal("{}", (await client.GetAsync("/v1/__lbheartbeat__")).AssertStatus(200).Text);
    }

    [Fact]
    public async Task OAuthParameters_AreThoseOfTheDocumentation_OrOfTheSettings()
    {
        using var client = new SynctoClient(servers.Address, "none", "none");
        const string documented = """{"client_id":"89513028159972bc","oauth_uri":"https://oauth-stable.dev.lcip.org","scope":"sync"}""";

        Assert.Equal(documented, (await client.GetAsync("/v0/fxa-oauth/params")).AssertStatus(200).Text);
        Assert.Equal(documented, (await client.GetAsync("/v1/fxa-oauth/params")).AssertStatus(200).Text);
    }

    [Fact]
    public async Task History_InTheShortForm_HasItems_AndItsRecordsCanBeReadChangedAndPatched()
    {
        using var user = await servers.NewUserAsync();
        await user.Device.PutAsync("/storage/history/409", """{"payload":"p"}""");
        (string, string)[] state = [("X-Client-State", user.State)];

        var list = (await user.Syncto.GetAsync("/v1/history", state)).AssertStatus(200);
        var patched = (await user.Syncto.SendAsync("PATCH", "/v1/history/409", """{"data":{"sortindex":7}}""", state)).AssertStatus(200);

        Assert.Equal($$$"""{"items":[{"id":"409","last_modified":{{{list.ETag()}}},"payload":"p"}]}""", list.Text);
        Assert.Equal("1", list.Headers["Total-Records"]);
        Assert.Equal(7, patched.Data().GetProperty("sortindex").GetInt32());
        Assert.Equal(7, (await user.Syncto.GetAsync("/v1/history/409", state)).Data().GetProperty("sortindex").GetInt32());
        (await user.Syncto.DeleteAsync("/v1/history/409", state)).AssertRefused(405, 115);
    }

    [Fact]
    public async Task Writing_IsRefused_UnlessTheSettingsAllowItForTheCollection_BeforeAnybodySignsIn()
    {
        using var user = await servers.NewUserAsync();
        using var nobody = new SynctoClient(servers.Address, "none", "none");
        const string text = "Endpoint disabled for this collection in configuration.";

        foreach (var client in new[] { user.Syncto, nobody })
        {
            var put = (await client.PutAsync(client.Records("passwords") + "/a", """{"data":{"payload":"p"}}""")).AssertRefused(405, 115, text);
            Assert.Equal("Method Not Allowed", put.Json.GetProperty("error").GetString());
            Assert.Equal("GET, HEAD, OPTIONS", put.Headers["Allow"]);
            (await client.SendAsync("PATCH", client.Records("passwords") + "/a", "{}")).AssertRefused(405, 115, text);
            (await client.DeleteAsync(client.Records("passwords") + "/a")).AssertRefused(405, 115, text);
            Assert.Equal("GET, HEAD, PUT, PATCH, OPTIONS", (await client.DeleteAsync(client.Records("tabs") + "/a")).AssertRefused(405, 115, text).Headers["Allow"]);
        }

        (await user.Syncto.PutAsync(user.Syncto.Records("tabs") + "/a", """{"data":{"payload":"p"}}""")).AssertStatus(200);
        (await user.Syncto.GetAsync(user.Syncto.Records("passwords"))).AssertStatus(200);
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Server_WithoutTheSettings_IsReadOnly()
    {
        var closed = await SynctoServers.StartAsync(static options => options with { PutEnabled = "", DeleteEnabled = "" });
        try
        {
            using var user = await closed.NewUserAsync();

            foreach (var collection in new[] { "tabs", "passwords", "bookmarks", "history", "crypto", "a" })
            {
                (await user.Syncto.PutAsync(user.Syncto.Records(collection) + "/a", """{"data":{"payload":"p"}}""")).AssertRefused(405, 115);
                (await user.Syncto.DeleteAsync(user.Syncto.Records(collection) + "/a")).AssertRefused(405, 115);
            }

            Assert.True((await user.Syncto.GetAsync("/v1/")).Json.GetProperty("settings").GetProperty("readonly").GetBoolean());
        }
        finally
        {
            await closed.DisposeAsync();
        }
    }

    [Fact]
    public async Task Pages_OfOtherOrigins_MayCall_AndSeeWhatTheyNeed_AlsoOfErrors()
    {
        using var user = await servers.NewUserAsync();
        (string, string)[] asking = [("Origin", "https://app.example.org"), ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "authorization,x-client-state"), ("Authorization", "")];

        var preflight = (await user.Syncto.SendAsync("OPTIONS", user.Syncto.Records() + "/a", body: null, asking)).AssertStatus(200);
        Assert.Equal("GET, HEAD, PUT, PATCH, DELETE, OPTIONS", preflight.Headers["Access-Control-Allow-Methods"]);
        Assert.Equal("authorization,x-client-state", preflight.Headers["Access-Control-Allow-Headers"]);
        Assert.Equal("3600", preflight.Headers["Access-Control-Max-Age"]);
        Assert.Equal("*", preflight.Headers["Access-Control-Allow-Origin"]);
        foreach (var path in new[] { user.Syncto.Records(), user.Syncto.Records() + "/none", "/v1/nothing", "/history", $"/v1/buckets/wrong/collections/bookmarks/records" })
        {
            var answer = await user.Syncto.GetAsync(path, ("Origin", "https://app.example.org"));
            Assert.Equal("*", answer.Headers["Access-Control-Allow-Origin"]);
            Assert.False(answer.Headers.ContainsKey("Access-Control-Allow-Credentials"));
            foreach (var name in new[] { "Backoff", "Retry-After", "Alert", "ETag", "Last-Modified", "Next-Page", "Total-Records", "Quota-Remaining" })
            {
                Assert.Contains(name, answer.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Backoff_IsOnEveryAnswer()
    {
        var slow = await SynctoServers.StartAsync(static options => options with { Backoff = 30 });
        try
        {
            using var user = await slow.NewUserAsync();
            var stamp = (await user.Syncto.PutAsync(user.Syncto.Records() + "/a", """{"data":{"payload":"p"}}""")).ETag();

            foreach (var answer in new[]
            {
                await user.Syncto.GetAsync(user.Syncto.Records()), (await user.Syncto.GetAsync(user.Syncto.Records(), ("If-None-Match", $"\"{stamp}\""))).AssertStatus(304),
                (await user.Syncto.GetAsync(user.Syncto.Records() + "/none")).AssertStatus(404), (await user.Syncto.GetAsync("/")).AssertStatus(307),
                (await user.Syncto.GetAsync("/v1/", ("Authorization", "Bearer x"))).AssertStatus(200),
            })
            {
                Assert.Equal("30", answer.Headers["Backoff"]);
            }
        }
        finally
        {
            await slow.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(10, 200, "soft-eol")]
    [InlineData(-10, 410, "hard-eol")]
    [Trait("Part", "Gateway")]
    public async Task End_OfService_IsTold_AndFromThenOnAllIs410(int days, int status, string code)
    {
        var eos = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()).AddDays(days);
        var ending = await SynctoServers.StartAsync(options => options with { Eos = eos, EosMessage = "It ends.", EosUrl = "https://example.org/" });
        try
        {
            using var user = await ending.NewUserAsync();

            var root = (await user.Syncto.GetAsync("/v1/")).AssertStatus(status);
            var list = (await user.Syncto.GetAsync(user.Syncto.Records())).AssertStatus(status);

            foreach (var answer in new[] { root, list })
            {
                Assert.Equal($$"""{"code":"{{code}}","message":"It ends.","url":"https://example.org/"}""", answer.Headers["Alert"]);
            }

            if (status == 200)
            {
                Assert.Equal(eos, root.Json.GetProperty("eos").GetDateTimeOffset());
            }
            else
            {
                list.AssertRefused(410, 202, "The service you are trying to connect no longer exists at this location.");
            }

            (await user.Syncto.GetAsync("/v1/__heartbeat__")).AssertStatus(200);
        }
        finally
        {
            await ending.DisposeAsync();
        }
    }

    [Fact]
    public async Task ClientState_InAHeader_IsToldToBeOutOfUse()
    {
        using var user = await servers.NewUserAsync();

        var answer = await user.Syncto.GetAsync("/v1/buckets/syncto/collections/bookmarks/records", ("X-Client-State", user.State));

        var alert = JsonDocument.Parse(answer.AssertStatus(200).Headers["Alert"]).RootElement;
        Assert.Equal("soft-eol", alert.GetProperty("code").GetString());
        Assert.Equal("X-Client-State header is deprecated and should not be provided anymore.", alert.GetProperty("message").GetString());
        Assert.Equal("https://syncto.readthedocs.io/", alert.GetProperty("url").GetString());
        Assert.False((await user.Syncto.GetAsync(user.Syncto.Records())).Headers.ContainsKey("Alert"));
    }

    [Fact]
    public async Task Answer_TellsBrowsersToTakeItForNothingElse()
    {
        using var user = await servers.NewUserAsync();

        var answer = await user.Syncto.GetAsync(user.Syncto.Records());

        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
        Assert.EndsWith("; sandbox", answer.Headers["Content-Security-Policy"], StringComparison.Ordinal);
    }
}
