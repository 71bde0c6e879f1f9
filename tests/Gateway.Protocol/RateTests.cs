using Lockstep.Gateway.Kinto;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Protocol;

/// <summary>What comes too fast, where a setting limits that.</summary>
public sealed class RateTests
{
    [Fact]
    public async Task Address_ThatAsksTooOften_Is429InTheShapeOfEachProtocol_UntilTimeHasPassed()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        await using var server = await LimitedAsync(http => http with { MaxRequestsPerMinutePerAddress = 3 }, time);
        using var http = new HttpClient { BaseAddress = server.Address };
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (int)(await http.GetAsync(new Uri("/v1/", UriKind.Relative))).StatusCode);
        }

        foreach (var (path, status, body) in new[]
        {
            ("/v1/", 429, "\"errno\":117"),
            ("/v1/buckets/default", 429, "Too many requests, please retry later."),
            ("/syncto/v1/", 429, "\"errno\":117"),
            ("/auth/v1/account/status?uid=0", 429, "\"errno\":114"),
            ("/token/1.0/sync/1.5", 429, "\"errors\""),
            ("/1.5/1/info/collections", 429, "0"),

            // Its clients do not know 429.
            ("/user/1.0/somebody", 503, ""),
            ("/signin", 429, ""),
            ("/admin/api/session", 429, "busy"),
        })
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.True((int)answer.StatusCode == status, $"{path}: {(int)answer.StatusCode}");
            Assert.Equal("20", answer.Headers.GetValues("Retry-After").Single());
            Assert.Contains(body, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        // Probes and preflights are answered.
        Assert.Equal(200, (int)(await http.GetAsync(new Uri("/v1/__lbheartbeat__", UriKind.Relative))).StatusCode);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/buckets");
        preflight.Headers.Add("Origin", "https://app.example.org");
        preflight.Headers.Add("Access-Control-Request-Method", "GET");
        Assert.Equal(200, (int)(await http.SendAsync(preflight)).StatusCode);

        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(200, (int)(await http.GetAsync(new Uri("/v1/", UriKind.Relative))).StatusCode);
        Assert.Equal(429, (int)(await http.GetAsync(new Uri("/v1/", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task User_WhoAsksTooOften_Is429_AndNothingIsDone_AndOthersAreServed()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        await using var server = await LimitedAsync(http => http with { MaxRequestsPerMinutePerUser = 2 }, time);
        using var alice = await server.NewUserAsync();
        using var bob = await server.NewUserAsync();
        Assert.Equal(201, (await alice.PutAsync(KintoClient.Records + "/a", "{}")).Status);
        Assert.Equal(200, (await alice.GetAsync(KintoClient.Records)).Status);

        (await alice.PutAsync(KintoClient.Records + "/b", "{}")).AssertError(429, KintoErrno.TooManyRequests);
        Assert.Equal(201, (await bob.PutAsync(KintoClient.Records + "/b", "{}")).Status);

        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(404, (await alice.GetAsync(KintoClient.Records + "/b")).Status);
    }

    private static Task<KintoServer> LimitedAsync(Func<Http.HttpOptions, Http.HttpOptions> limit, TimeProvider time) => KintoServer.StartAsync(
        options => options with
        {
            Http = limit(options.Http),
            Accounts = options.Accounts with { Registration = Accounts.Registration.Open },
            Sync11 = options.Sync11 with { Enabled = true },
            Syncto = options.Syncto with { Enabled = true },
            FirefoxAccounts = options.FirefoxAccounts with { Mode = FirefoxAccounts.AccountServerMode.On, Key = "the key of these tests is long enough" },
        },
        time: time);
}
