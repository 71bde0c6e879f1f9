using Lockstep.Gateway.Console;

namespace Lockstep.Gateway.Protocol;

/// <summary>The console where settings say where it is, or that it is nowhere.</summary>
public sealed class ConsoleSettingsTests
{
    [OneProcessFact("a gateway answers it alone")]
    public async Task Console_BehindAProxyWithTls_HasACookieForHttpsAlone_BelowItsPrefix()
    {
        var server = await KintoServer.StartAsync(static options => options with { Http = options.Http with { PublicUrl = "https://sync.example.org/data", PathBase = "/data" } });
        await server.AddAccountAsync("alice", "s3cr3t");
        using var console = new ConsoleClient(server.Address, "/data/admin/api");
        using var http = new HttpClient { BaseAddress = server.Address };

        var answer = await console.SignInAsync("alice", "s3cr3t");

        Assert.Matches("^__Secure-lockstep-console=[A-Za-z0-9_-]{43}; Path=/data/admin/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$", answer.Headers["Set-Cookie"]);
        Assert.Equal(200, (await console.GetAsync("/usage")).Status);
        using var page = await http.GetAsync("/data/admin/");
        Assert.Contains("script-src https://sync.example.org/data/pages/", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("src=\"/data/pages/", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await server.DisposeAsync();
    }

    [OneProcessFact("a gateway answers it alone")]
    public async Task Console_ThatIsOff_IsNotThere_AndTheRootIsWhatItWas()
    {
        var server = await KintoServer.StartAsync(static options => options with { Console = new ConsoleOptions { Enabled = false }, FirefoxAccounts = options.FirefoxAccounts with { Mode = FirefoxAccounts.AccountServerMode.Off } });
        using var client = server.Anonymous();

        Assert.Equal(307, (await client.SendRawAsync("GET", "/", body: null, ("Accept", "text/html"))).Status);
        foreach (var path in new[] { "/admin/", "/admin/api/session" })
        {
            Assert.NotEqual(200, (await client.SendRawAsync("GET", path, body: null, ("Accept", "text/html"))).Status);
        }

        await server.DisposeAsync();
    }
}
