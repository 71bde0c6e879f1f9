using System.Text.Json;
using Lockstep.Gateway.Kinto;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.Protocol;

public sealed class RootTests(KintoServer server, RootTests.QuietServer quiet) : IClassFixture<KintoServer>, IClassFixture<RootTests.QuietServer>
{
    /// <summary>One whose log only those look at who send what it must not log.</summary>
    public sealed class QuietServer() : KintoServer;

    [Fact]
    public async Task Root_Anonymous_HasKintosAndCliquetsKeys()
    {
        using var client = server.Anonymous();
        var answer = await client.GetAsync("/");

        Assert.Equal(200, answer.Status);
        var root = answer.Json;
        foreach (var key in new[] { "project_name", "project_version", "http_api_version", "project_docs", "url", "settings", "capabilities", "hello", "version", "commit", "documentation" })
        {
            Assert.True(root.TryGetProperty(key, out _), key);
        }

        Assert.Equal(25, root.GetProperty("settings").GetProperty("batch_max_requests").GetInt32());
        Assert.Equal(25, root.GetProperty("settings").GetProperty("cliquet.batch_max_requests").GetInt32());
        Assert.False(root.GetProperty("settings").GetProperty("readonly").GetBoolean());
        Assert.True(root.GetProperty("capabilities").TryGetProperty("default_bucket", out _));
        Assert.Equal(
            "https://kinto.readthedocs.io/en/latest/configuration/settings.html#activating-the-permissions-endpoint",
            root.GetProperty("capabilities").GetProperty("permissions_endpoint").GetProperty("url").GetString());
        Assert.False(root.TryGetProperty("user", out _));
        Assert.Equal($"{server.Address}v1/", root.GetProperty("url").GetString());
    }

    [Fact]
    public async Task Root_SignedIn_TellsUserAndBucket()
    {
        using var client = await server.NewUserAsync();
        var root = (await client.GetAsync("/")).Json;

        var user = root.GetProperty("user");
        Assert.StartsWith("account:user", user.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal(user.GetProperty("id").GetString(), root.GetProperty("userid").GetString());
        var bucket = (await client.GetAsync("/buckets/default")).Data.GetProperty("id").GetString();
        Assert.Equal(bucket, user.GetProperty("bucket").GetString());
        Assert.Contains("system.Authenticated", user.GetProperty("principals").EnumerateArray().Select(p => p.GetString()));
    }

    [Fact]
    public async Task Root_SignedIn_TellsTheGroupsThatOneIsIn()
    {
        using var alice = await server.NewUserAsync();
        using var bob = await server.NewUserAsync();
        var bobId = (await bob.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString()!;
        var bucket = $"/buckets/root-{Guid.NewGuid():N}";
        await alice.PutAsync(bucket, "{}");
        await alice.PutAsync(bucket + "/groups/b", $$$"""{"data":{"members":["{{{bobId}}}"]} }""");
        await alice.PutAsync(bucket + "/groups/a", """{"data":{"members":["system.Authenticated"]}}""");
        await alice.PutAsync(bucket + "/groups/c", """{"data":{"members":["a:b"]}}""");

        Assert.Equal([bobId, "system.Everyone", "system.Authenticated", bucket + "/groups/a", bucket + "/groups/b"], await PrincipalsAsync(bob));

        await alice.DeleteAsync(bucket);
        Assert.Equal([bobId, "system.Everyone", "system.Authenticated"], await PrincipalsAsync(bob));

        static async Task<IEnumerable<string?>> PrincipalsAsync(KintoClient client) =>
            (await client.GetAsync("/")).Json.GetProperty("user").GetProperty("principals").EnumerateArray().Select(static principal => principal.GetString()).ToList();
    }

    /// <summary>As in Kinto, where only stored objects have a form that can be asked for.</summary>
    [Theory]
    [InlineData("GET", "/", 200)]
    [InlineData("GET", "/__version__", 200)]
    [InlineData("GET", "/__heartbeat__", 200)]
    [InlineData("POST", "/batch", 200)]
    [InlineData("GET", "/buckets", 406)]
    [InlineData("GET", KintoClient.Records, 406)]
    [InlineData("GET", "/accounts", 406)]
    public async Task Accept_OfHtmlAlone_IsRefusedForObjectsOnly(string method, string path, int status)
    {
        using var client = await server.NewUserAsync();

        var answer = await client.SendAsync(method, path, method is "POST" ? """{"requests":[{"path":"/"},{"path":"/buckets"}]}""" : null, ("Accept", "text/html"));

        Assert.Equal(status, answer.Status);
        if (method is "POST")
        {
            Assert.Equal([200, 406], answer.Json.GetProperty("responses").EnumerateArray().Select(part => part.GetProperty("status").GetInt32()));
        }
    }

    [Theory]
    [InlineData("/", "/v1/")]
    [InlineData("/v1", "/v1/")]
    [InlineData("/buckets/default?_since=%225%22", "/v1/buckets/default?_since=%225%22")]
    [InlineData("/v1/buckets/", "/v1/buckets")]
    [InlineData("/v1/buckets/default/collections/?a=b", "/v1/buckets/default/collections?a=b")]
    public async Task Redirect_MissingPrefixOrTrailingSlash_Is307WithTheQuery(string path, string location)
    {
        using var client = server.Anonymous();
        foreach (var method in new[] { "GET", "PUT", "POST" })
        {
            var answer = await client.SendRawAsync(method, path, null);
            Assert.Equal(307, answer.Status);
            Assert.Equal(location, answer.Headers["Location"]);
        }
    }

    [Theory]
    [InlineData("/v0/")]
    [InlineData("/v2")]
    [InlineData("/v12/buckets")]
    public async Task Version_Other_Is404With116(string path)
    {
        using var client = server.Anonymous();
        (await client.SendRawAsync("GET", path, null)).AssertError(404, KintoErrno.VersionNotAvailable);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/buckets/default/nothing")]
    [InlineData("/buckets/default/collections/a/records/b/c")]
    [InlineData("/__flush__")]
    public async Task Path_Unknown_Is404With111(string path)
    {
        using var client = await server.NewUserAsync();
        (await client.GetAsync(path)).AssertError(404, KintoErrno.MissingResource);
    }

    [Fact]
    public async Task Utilities_AnswerWithoutSignIn()
    {
        using var client = server.Anonymous();
        var heartbeat = await client.GetAsync("/__heartbeat__");
        Assert.Equal(200, heartbeat.Status);
        Assert.True(heartbeat.Json.GetProperty("storage").GetBoolean());
        Assert.Equal("{}", (await client.GetAsync("/__lbheartbeat__")).Text);
        Assert.Equal(JsonValueKind.String, (await client.GetAsync("/__version__")).Json.GetProperty("version").ValueKind);
    }

    [Fact]
    public async Task Method_NotOfTheResource_Is405WithAllow()
    {
        using var client = await server.NewUserAsync();
        var answer = await client.SendAsync("PATCH", "/buckets");
        answer.AssertError(405, KintoErrno.MethodNotAllowed);
        Assert.Contains("POST", answer.Headers["Allow"], StringComparison.Ordinal);
        (await client.SendAsync("POST", "/")).AssertError(405, KintoErrno.MethodNotAllowed);
        (await client.SendAsync("GET", "/batch")).AssertError(405, KintoErrno.MethodNotAllowed);
        (await client.SendAsync("TRACE", KintoClient.Records)).AssertError(405, KintoErrno.MethodNotAllowed);
        (await client.SendAsync("ET", KintoClient.Records)).AssertError(405, KintoErrno.MethodNotAllowed);
    }

    /// <summary>Methods are case-sensitive (RFC 9110, section 9.1): another spelling is a method that nobody knows.</summary>
    [Theory]
    [InlineData("head")]
    [InlineData("Head")]
    [InlineData("get")]
    [InlineData("options")]
    [InlineData("pUT")]
    [InlineData("BREW")]
    [InlineData("M-SEARCH")]
    public async Task Method_Unknown_Is405InTheProtocolsShape_AndLogsNothing(string method)
    {
        var user = $"user-{Guid.NewGuid():N}";
        await quiet.AddAccountAsync(user, "s3cr3t");
        using var client = quiet.As(user, "s3cr3t");
        await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");
        using var log = LogWatch.On(quiet.Services);
        foreach (var path in new[]
        {
            "/", "/batch", "/buckets", "/buckets/default", "/buckets/default/collections", KintoClient.Records, KintoClient.Records + "/a",
            "/accounts", $"/accounts/{user}", "/__heartbeat__", "/__lbheartbeat__", "/__version__",
        })
        {
            // Twice on one connection, which an answer with another length than announced would break.
            foreach (var body in new[] { null, "{}" })
            {
                var answer = await RawHttp.SendAsync(quiet.Address, method, "/v1" + path, body, KintoClient.Basic(user, "s3cr3t"), times: 2);
                Assert.All(answer, each => each.AssertError(405, KintoErrno.MethodNotAllowed));
                Assert.All(answer, each => Assert.NotEmpty(each.Headers["Allow"]));
            }
        }

        Assert.All(
            await RawHttp.SendAsync(quiet.Address, method, "/v1/nothing", body: null, authorization: null, times: 2),
            each => each.AssertError(404, KintoErrno.MissingResource));
        Assert.All(await RawHttp.SendAsync(quiet.Address, method, "/buckets", body: null, authorization: null, times: 2), each => Assert.Equal(307, each.Status));
        Assert.All(await RawHttp.SendAsync(quiet.Address, method, "/health/ready", body: null, authorization: null, times: 2), each => Assert.Equal("Healthy", each.Text));
        Assert.Empty(log.Above(LogLevel.Debug));
    }

    [Fact]
    public async Task Headers_OfEveryAnswer_ForbidSniffingAndCaching()
    {
        using var client = await server.NewUserAsync();
        foreach (var path in new[] { "/buckets/default", KintoClient.Records, "/nothing" })
        {
            var answer = await client.GetAsync(path);
            Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
            Assert.Equal("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox", answer.Headers["Content-Security-Policy"]);
            Assert.Contains("no-store", answer.Headers["Cache-Control"], StringComparison.Ordinal);
            Assert.False(answer.Headers.ContainsKey("Server"));
        }
    }
}
