using Lockstep.Gateway.Http;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Silo.Hosting;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>What holds for all requests, and what the settings turn on.</summary>
[Collection(SharedServer.Name)]
public sealed class ServiceTests(WeaveServer server)
{
    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Server_ServesNoneOfIt_UnlessItIsEnabled()
    {
        var own = await WeaveServer.StartAsync(options => options with { Sync11 = new Sync11Options() });
        using var device = own.Somebody();

        Assert.NotEqual(200, (await device.SendAsync("GET", "/user/1.0/a")).Status);
        Assert.NotEqual(200, (await device.SignUpAsync()).Status);
        Assert.NotEqual(200, (await device.GetAsync("/info/collections")).Status);
        await own.DisposeAsync();
    }

    [Fact]
    public void Settings_AreClosedByDefault()
    {
        var options = new Sync11Options();

        Assert.Equal((false, Sync11Registration.Closed, true), (options.Enabled, options.Registration, options.StrictUsernames));
        Assert.Empty(options.Problems());
        Assert.Single(new Sync11Options { SharedSecret = "short" }.Problems());
        Assert.Single(new Sync11Options { Alert = "two\nlines" }.Problems());
    }

    [Fact]
    public async Task Paths_ThatAreNone_Are404_MethodsThatAreNone_Are405_AndNothingIsRedirected()
    {
        using var device = await server.NewUserAsync();

        foreach (var path in new[] { "", "/", "/info", "/info/", "/info/configuration", "/storage/a/b/c", "/batch" })
        {
            (await device.GetAsync(path)).AssertStatus(404);
        }

        (await device.GetAsync("/storage")).AssertStatus(405);
        (await device.PutAsync("/storage/", "[]")).AssertStatus(405);
        (await device.PostAsync("/storage/a/b", "{}")).AssertStatus(405);
        Assert.Equal("GET, OPTIONS", (await device.DeleteAsync("/info/quota")).AssertStatus(405).Headers["Allow"]);
        (await device.SendAsync("GET", "/1.1")).AssertStatus(404);
    }

    [Fact]
    public async Task Slash_AtTheEnd_CountsNowhere()
    {
        using var device = await server.NewUserAsync();

        (await device.PutAsync("/storage/a/b/", WeaveClient.Wbo("b", "x"))).AssertWritten();
        Assert.Equal(["b"], (await device.GetAsync("/storage/a/")).AssertOk().Ids);
        (await device.GetAsync("/info/collections/")).AssertOk();
        (await device.DeleteAsync("/storage/", ("X-Confirm-Delete", "1"))).AssertWritten();
    }

    [Theory]
    [InlineData("/1.0")]
    [InlineData("/1")]
    public async Task Versions_BeforeThisOne_AreServedTheSame(string prefix)
    {
        using var device = await server.NewUserAsync();

        (await device.SendAsync("PUT", $"{prefix}/{device.Name}/storage/a/b", "{\"payload\":\"x\"}"u8.ToArray())).AssertWritten();

        Assert.Equal(["b"], (await device.GetAsync("/storage/a")).Ids);
        (await device.SendAsync("GET", $"{prefix}/{device.Name}/info/quota")).AssertOk();
        (await device.SendAsync("GET", $"{prefix}/{device.Name}/info/configuration")).AssertStatus(404);
    }

    [Fact]
    public async Task TokenServer_UnderTheSamePrefix_HasItsOwnPaths()
    {
        var own = await WeaveServer.StartAsync(options => options with
        {
            Sync15 = options.Sync15 with { Issuer = new IssuerOptions { Name = "https://accounts.example.org", JwksUrl = "https://accounts.example.org/jwks" } },
        });
        using var device = await own.NewUserAsync();

        var token = await device.SendAsync("GET", "/1.0/sync/1.5");
        (await device.SendAsync("GET", $"/1.0/{device.Name}/info/collections")).AssertOk();
        (await device.SendAsync("DELETE", $"/1.0/{device.Name}/storage", body: null, ("X-Confirm-Delete", "1"))).AssertWritten();

        Assert.Equal((401, true, false), (token.Status, token.Headers.ContainsKey("X-Timestamp"), token.Headers.ContainsKey("X-Weave-Timestamp")));
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Answers_OfWhateverKind_SayWhatTimeItIs()
    {
        using var device = await server.NewUserAsync();
        var before = server.Time.GetUtcNow().ToUnixTimeMilliseconds() / 10;

        foreach (var answer in new[]
        {
            await device.GetAsync("/info/collections"), await device.GetAsync("/nothing"), await device.GetAsync("/storage/a/b"),
            await device.UserAsync("GET", ""), await device.GetAsync("/info/quota", ("Authorization", "")), await device.PutAsync("/storage/a/b", "no json"),
        })
        {
            Assert.InRange(WeaveAnswer.Hundredths(answer.Timestamp), before, before + 60_000);
        }
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task AlertAndBackoff_AreOnEveryAnswer_WhereTheyAreSet()
    {
        const string alert = """{"code":"soft-eol","url":"https://example.org/","message":"Moving soon"}""";
        var own = await WeaveServer.StartAsync(options => options with { Alert = alert, Backoff = TimeSpan.FromMinutes(10) });
        using var device = await own.NewUserAsync();

        foreach (var answer in new[] { await device.GetAsync("/info/collections"), await device.GetAsync("/storage/a/b"), await device.UserAsync("GET", "") })
        {
            Assert.Equal((alert, "600"), (answer.Headers["X-Weave-Alert"], answer.Headers["X-Weave-Backoff"]));
        }

        using var plain = await server.NewUserAsync();
        var without = await plain.GetAsync("/info/collections");
        Assert.False(without.Headers.ContainsKey("X-Weave-Alert") || without.Headers.ContainsKey("X-Weave-Backoff"));
        await own.DisposeAsync();
    }

    [Theory]
    [InlineData("http://0.0.0.0:8888", false, "", true)]
    [InlineData("http://[::]:8888", false, "", true)]
    [InlineData("http://sync.example.org", true, "10.0.0.0/8", true)]
    [InlineData("http://0.0.0.0:8888", false, "10.0.0.0/8", false)]
    [InlineData("https://sync.example.org", true, "", false)]
    [InlineData("http://127.0.0.1:8888", false, "", false)]
    [InlineData("http://localhost:8888", true, "", false)]
    [InlineData("http://unix:/run/lockstep.sock", false, "", false)]
    public void Passwords_ThatComeByPlainHttpFromElsewhere_AreWarnedOf(string address, bool isPublic, string proxies, bool isInTheClear) =>
        Assert.Equal(isInTheClear, StartupReport.IsInTheClear(address, new HttpOptions { PublicUrl = isPublic ? address : null, TrustedProxies = proxies }));

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Prefixes_AreTakenOff_OneOfThem_AndNoOtherBehindIt()
    {
        var own = await WeaveServer.StartAsync(options => options with { Http = options.Http with { PathBase = "/sync,/index.php,/sync/index.php" } });
        using var nobody = own.Anonymous();
        foreach (var (prefix, status) in new[]
        {
            ("", 200), ("/sync", 200), ("/index.php", 200), ("/sync/index.php", 200), ("/sync/index.php/sync", 307), ("/index.php/sync", 307), ("/sync/sync", 307), ("/synced", 307),
        })
        {
            // Below no prefix it is Kinto's, which redirects to its own.
            Assert.Equal((prefix, status), (prefix, (await nobody.SendAsync("GET", prefix + "/user/1.0/nobody")).Status));
        }

        await own.DisposeAsync();
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Body_ThatIsTooLarge_Is413()
    {
        var own = await WeaveServer.StartAsync(options => options with { MaxRequestBytes = 1000 });
        using var device = await own.NewUserAsync();

        (await device.SendAsync("POST", $"/1.1/{device.Name}/storage/a", new byte[1001])).AssertStatus(413);
        await own.DisposeAsync();
    }
}
