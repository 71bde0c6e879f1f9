using System.Net;
using System.Text;
using System.Text.Json;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Metering;
using Lockstep.Gateway.OpenId;
using Lockstep.Testing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Gateway.Protocol;

/// <summary>The way to a provider and back: where it leads, who may come back, and what they bring.</summary>
public sealed class OpenIdLoginTests(OpenIdServer fixture) : IClassFixture<OpenIdServer>
{
    private const string Callback = OpenIdServer.Callback + "#/auth/eyJ9/";

    private static string Login(string callback = Callback, string scope = "openid email", string more = "", string provider = "corp") =>
        $"/openid/{provider}/login?callback={Uri.EscapeDataString(callback)}&scope={Uri.EscapeDataString(scope)}{more}";

    private async Task<(Uri Location, string Cookie)> BeginAsync(string? path = null)
    {
        using var browser = fixture.Server.Anonymous();
        var answer = await browser.GetAsync(path ?? Login());
        Assert.Equal(307, answer.Status);
        Assert.Contains("no-store", answer.Headers["Cache-Control"], StringComparison.Ordinal);
        return (new Uri(answer.Headers["Location"]), answer.Headers["Set-Cookie"].Split(';')[0]);
    }

    private async Task<KintoAnswer> ComeBackAsync(string query, string? cookie, string provider = "corp")
    {
        using var browser = fixture.Server.Anonymous();
        return await (cookie is null ? browser.GetAsync($"/openid/{provider}/token?{query}") : browser.GetAsync($"/openid/{provider}/token?{query}", ("Cookie", cookie)));
    }

    private static JsonElement Told(KintoAnswer answer, string callback = Callback)
    {
        Assert.Equal(307, answer.Status);
        var location = answer.Headers["Location"];
        Assert.StartsWith(callback, location, StringComparison.Ordinal);
        var behind = location[callback.Length..];
        Assert.DoesNotContain('/', behind);
        return JsonDocument.Parse(Convert.FromBase64String(Uri.UnescapeDataString(behind))).RootElement;
    }

    [Fact]
    public async Task Login_OfABrowser_EndsAtTheApplicationWithATokenThatOpensTheServer()
    {
        using var browser = fixture.Server.Anonymous();
        var begun = await browser.GetAsync(Login(more: "&prompt=none"));
        var query = QueryHelpers.ParseQuery(new Uri(begun.Headers["Location"]).Query);
        Assert.StartsWith(fixture.Corp.Url + "/authorize?tenant=1&", begun.Headers["Location"], StringComparison.Ordinal);
        Assert.Equal("openid email", query["scope"]);
        Assert.Equal("none", query["prompt"]);
        Assert.Equal("kinto", query["audience"]);
        Assert.Equal(fixture.Server.Address + "v1/openid/corp/token", query["redirect_uri"]);
        Assert.Matches("^lockstep-login-[A-Za-z0-9_-]{16}=[A-Za-z0-9_-]+; Max-Age=3600; Path=/v1/openid/corp; HttpOnly; SameSite=Lax$", begun.Headers["Set-Cookie"]);

        var answer = await ComeBackAsync(fixture.Corp.SignIn(new Uri(begun.Headers["Location"])), begun.Headers["Set-Cookie"].Split(';')[0]);

        var told = Told(answer);
        Assert.Equal(["access_token", "token_type", "expires_in", "id_token"], told.EnumerateObject().Select(static member => member.Name));
        Assert.Matches("^lockstep-login-[A-Za-z0-9_-]{16}=; Max-Age=0; Path=/v1/openid/corp;", answer.Headers["Set-Cookie"]);
        Assert.Equal("no-referrer", answer.Headers["Referrer-Policy"]);
        Assert.Contains("no-store", answer.Headers["Cache-Control"], StringComparison.Ordinal);
        using var user = fixture.With(told.GetProperty("access_token").GetString()!, told.GetProperty("token_type").GetString()!);
        Assert.Equal("corp:alice", (await user.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("https://evil.example.org/#")]
    [InlineData("http://localhost:3000/app#")]
    [InlineData("http://localhost:3000/app/x#")]
    [InlineData("http://localhost:3000/app/?x#")]
    [InlineData("http://localhost:3000/app/")]
    [InlineData("http://localhost:3000/app/?token=")]
    [InlineData("http://localhost:3000/app/..#")]
    [InlineData("HTTP://localhost:3000/app/#")]
    [InlineData("http://localhost:3000@evil.example.org/app/#")]
    [InlineData("http://localhost:30001/app/#")]
    [InlineData("//localhost:3000/app/#")]
    [InlineData("https://admin.example.org#")]
    [InlineData("https://admin.example.org.evil.org/#")]
    [InlineData("https://admin.example.org/\\evil#")]
    [InlineData("javascript:alert(1)#")]
    [InlineData("http://localhost:3000/app/#a\r\nSet-Cookie: a=b")]
    [InlineData("http://localhost:3000/app/ #")]
    [InlineData("http://localhost:3000/app/#/auth/eyJzZXJ2ZXIiOiAiaHR0cHM6Ly9ldmlsLmV4YW1wbGUub3JnL3YxIiwgImF1dGhUeXBlIjogIm9wZW5pZC1jb3JwIn0=/")]
    [InlineData("http://localhost:3000/app/#/auth/eyJzZXJ2ZXIiOiJodHRwOi8vbG9jYWxob3N0L3YxIiwic2VydmVyIjoiaHR0cHM6Ly9ldmlsLmV4YW1wbGUub3JnL3YxIn0=/")]
    [InlineData("http://localhost:3000/app/#/auth/%65yJzZXJ2ZXIiOiAiaHR0cHM6Ly9ldmlsLmV4YW1wbGUub3JnL3YxIiwgImF1dGhUeXBlIjogIm9wZW5pZC1jb3JwIn0=/")]
    [InlineData("http://localhost:3000/app/#/auth/bm8gSlNPTiBhdCBhbGwsIGJ1dCBsb25n/")]
    [InlineData("http://localhost:3000/app/#/at/https://evil.example.org/")]
    [InlineData("http://localhost:3000/app/#//evil.example")]
    [InlineData("#")]
    [InlineData("")]
    public async Task Callback_ThatIsNotOneOfTheSettings_Is400_AndLeadsNowhere(string callback)
    {
        using var browser = fixture.Server.Anonymous();

        var answer = await browser.GetAsync(Login(callback));

        answer.AssertError(400, KintoErrno.InvalidParameters);
        Assert.False(answer.Headers.ContainsKey("Location"));
        Assert.False(answer.Headers.ContainsKey("Set-Cookie"));
    }

    [Theory]
    [InlineData("/openid/nobody/login?callback=http%3A%2F%2Flocalhost%3A3000%2Fapp%2F%23&scope=openid")]
    [InlineData("/openid/Corp/login?callback=http%3A%2F%2Flocalhost%3A3000%2Fapp%2F%23&scope=openid")]
    [InlineData("/openid/corp/login?scope=openid")]
    [InlineData("/openid/corp/login?callback=http%3A%2F%2Flocalhost%3A3000%2Fapp%2F%23")]
    [InlineData("/openid/corp/login?callback=http%3A%2F%2Flocalhost%3A3000%2Fapp%2F%23&scope=")]
    [InlineData("/openid/corp/login?callback=http%3A%2F%2Flocalhost%3A3000%2Fapp%2F%23&scope=a%0Ab")]
    [InlineData("/openid/corp/login?callback=http%3A%2F%2Flocalhost%3A3000%2Fapp%2F%23&scope=openid&prompt=login")]
    [InlineData("/openid/corp/login?callback=http%3A%2F%2Flocalhost%3A3000%2Fapp%2F%23&callback=https%3A%2F%2Fevil.example.org%23&scope=openid")]
    [InlineData("/openid/mail/login?callback=http%3A%2F%2Flocalhost%3A3000%2Fapp%2F%23&scope=openid")]
    [InlineData("/openid/nobody/token?code=a&state=b")]
    [InlineData("/openid/corp/token")]
    [InlineData("/openid/corp/token?code=a")]
    [InlineData("/openid/corp/token?state=b")]
    public async Task Login_ThatCannotBe_Is400(string path)
    {
        using var browser = fixture.Server.Anonymous();

        (await browser.GetAsync(path)).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task State_OfAnotherBrowser_OrUsedBefore_OrChanged_Is400With105()
    {
        var (location, cookie) = await BeginAsync();
        var (_, otherCookie) = await BeginAsync();
        var (_, mailCookie) = await BeginAsync(Login(provider: "mail"));
        var query = fixture.Corp.SignIn(location);
        var name = cookie.Split('=')[0];
        foreach (var wrong in new[]
        {
            null, "", name + "=", name + "=" + otherCookie.Split('=')[1], name + "=" + mailCookie.Split('=')[1], cookie[..^3] + "AAA", cookie[..^30], cookie + "A", name + "=!!!", otherCookie,
        })
        {
            (await ComeBackAsync(query, wrong)).AssertError(400, KintoErrno.InvalidAuthToken);
        }

        (await ComeBackAsync(query, cookie, "away")).AssertError(400, KintoErrno.InvalidAuthToken);
        Told(await ComeBackAsync(query, cookie));
        (await ComeBackAsync(query, cookie)).AssertError(400, KintoErrno.InvalidAuthToken);
    }

    [Theory]
    [InlineData("https://other.example.org")]
    [InlineData(null)]
    public async Task Return_ThatDoesNotNameTheProvider_WhichSaysThatItDoes_Is400(string? issuer)
    {
        var (location, cookie) = await BeginAsync();
        var query = fixture.Corp.SignIn(location);

        var answer = await ComeBackAsync(query[..query.IndexOf("&iss=", StringComparison.Ordinal)] + (issuer is null ? "" : "&iss=" + issuer), cookie);

        answer.AssertError(400, KintoErrno.InvalidAuthToken);
    }

    [Fact]
    public async Task Error_OfTheProvider_IsToldToTheApplication_AndNotToOthers()
    {
        var (location, cookie) = await BeginAsync();
        var state = QueryHelpers.ParseQuery(location.Query)["state"];
        var query = $"error=login_required&error_description=%3Cb%3E&state={state}&iss={Uri.EscapeDataString(fixture.Corp.Url)}";

        (await ComeBackAsync(query, cookie: null)).AssertError(400, KintoErrno.InvalidAuthToken);
        var told = Told(await ComeBackAsync(query, cookie));

        Assert.Equal("login_required", told.GetProperty("error").GetString());
        Assert.False(told.TryGetProperty("access_token", out _));
    }

    [Fact]
    public async Task Code_ThatTheProviderRefuses_IsToldToTheApplication()
    {
        var (location, cookie) = await BeginAsync();
        var query = fixture.Corp.SignIn(location);

        var told = Told(await ComeBackAsync(query.Replace("code=", "code=x", StringComparison.Ordinal), cookie));

        Assert.Equal("invalid_grant", told.GetProperty("error").GetString());
    }

    /// <summary>Another host of the domain could set one with any other name.</summary>
    [Theory]
    [InlineData("https://sync.example.org", "__Host-lockstep-login-", "/")]
    [InlineData("https://sync.example.org/kinto", "__Secure-lockstep-login-", "/kinto/v1/openid/corp")]
    public async Task Cookie_OverHttps_HasANameThatSaysWhoCanSetIt_AndIsTakenByNoOther(string publicUrl, string prefix, string path)
    {
        var server = await KintoServer.StartAsync(options => options with
        {
            Http = options.Http with { PublicUrl = publicUrl },
            OpenId = new OpenIdOptions { Providers = new Dictionary<string, OpenIdProviderOptions>(StringComparer.Ordinal) { ["1"] = OpenIdServer.Of(fixture.Corp) } },
        });
        using var browser = server.Anonymous();

        var begun = await browser.GetAsync(Login());

        Assert.Matches($"^{prefix}[A-Za-z0-9_-]{{16}}=[A-Za-z0-9_-]+; Max-Age=3600; Path={path}; HttpOnly; SameSite=Lax; Secure$", begun.Headers["Set-Cookie"]);
        var cookie = begun.Headers["Set-Cookie"].Split(';')[0];
        var end = "/openid/corp/token?" + fixture.Corp.SignIn(new Uri(begun.Headers["Location"]));
        (await browser.GetAsync(end, ("Cookie", cookie[cookie.IndexOf("lockstep", StringComparison.Ordinal)..]))).AssertError(400, KintoErrno.InvalidAuthToken);
        var ended = await browser.GetAsync(end, ("Cookie", cookie));
        Assert.Contains("access_token", Told(ended).ToString(), StringComparison.Ordinal);
        Assert.Matches($"^{prefix}[A-Za-z0-9_-]{{16}}=; Max-Age=0; Path={path}; ", ended.Headers["Set-Cookie"]);
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(500, "{}")]
    [InlineData(429, "{}")]
    [InlineData(200, "<html>")]
    [InlineData(200, "[]")]
    [InlineData(200, "{}")]
    public async Task Provider_ThatAnswersNothingUseful_Is503(int status, string body)
    {
        var (location, cookie) = await BeginAsync();
        var query = fixture.Corp.SignIn(location);
        fixture.Corp.Trade = (status, body);
        try
        {
            (await ComeBackAsync(query, cookie)).AssertError(503, KintoErrno.Backend);
        }
        finally
        {
            fixture.Corp.Trade = null;
        }
    }

    [Fact]
    public async Task Logins_BegunAndNotEnded_AreForgottenByTheBrowser()
    {
        var cookies = new List<string>();
        using var browser = fixture.Server.Anonymous();
        for (var i = 0; i < 4; i++)
        {
            var answer = await browser.GetAsync(Login(), ("Cookie", string.Join("; ", cookies)));
            cookies.Add(answer.Headers["Set-Cookie"].Split(';')[0]);
        }

        var fifth = (await browser.GetAsync(Login(), ("Cookie", string.Join("; ", cookies)))).Headers["Set-Cookie"].Split(", ");

        Assert.Equal(5, fifth.Length);
        Assert.Equal(4, fifth.Count(static cookie => cookie.Contains("Max-Age=0", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Login_BegunThroughOneGateway_IsEndedThroughAnother_WhichCannotReadItWithoutTheDatabasesSecret()
    {
        var time = new FakeTimeProvider();
        var secret = new AccountSecret(Encoding.UTF8.GetBytes("of one database"));
        using var one = new Gateway(fixture.Corp, secret, time);
        using var two = new Gateway(fixture.Corp, secret, time);
        using var other = new Gateway(fixture.Corp, new AccountSecret(Encoding.UTF8.GetBytes("of another")), time);

        var (state, kept, returned) = await one.BeginAsync();
        Assert.Same(LoginOutcome.BadState, await other.EndAsync(state, kept, returned));
        Assert.IsType<LoginOutcome.Ended>(await two.EndAsync(state, kept, returned));

        // Where it is not known that it was used, its code is: no second token comes of it.
        var again = Assert.IsType<LoginOutcome.Ended>(await one.EndAsync(state, kept, returned));
        Assert.Equal("invalid_grant", JsonDocument.Parse(again.Told).RootElement.GetProperty("error").GetString());
        Assert.Same(LoginOutcome.BadState, await one.EndAsync(state, kept, returned));
        Assert.Same(LoginOutcome.BadState, await two.EndAsync(state, kept, returned));
    }

    [Fact]
    public async Task Logins_MoreThanMayBeTradedAtATime_ComeAgain()
    {
        const int places = 256;
        await using var issuer = await OpenIdIssuer.StartAsync();
        using var gateway = new Gateway(issuer, new AccountSecret(new byte[] { 1 }), new FakeTimeProvider());
        var logins = new List<(string State, string Kept, LoginReturn Returned)>();
        for (var i = 0; i < places + 20; i++)
        {
            logins.Add(await gateway.BeginAsync());
        }

        issuer.Hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ends = logins.Select((login, i) => gateway.EndAsync(login.State, login.Kept, login.Returned, $"@{i}")).ToList();

        Assert.Equal(places, ends.Count(static end => !end.IsCompleted));
        Assert.All(await Task.WhenAll(ends.Skip(places)), static end => Assert.Same(LoginOutcome.TooMany, end));
        issuer.Hanging.SetResult();
        Assert.All(await Task.WhenAll(ends.Take(places)), static end => Assert.Contains("access_token", Encoding.UTF8.GetString(Assert.IsType<LoginOutcome.Ended>(end).Told), StringComparison.Ordinal));

        // They were not used.
        foreach (var (state, kept, returned) in logins.Skip(places))
        {
            Assert.Contains("access_token", Encoding.UTF8.GetString(Assert.IsType<LoginOutcome.Ended>(await gateway.EndAsync(state, kept, returned)).Told), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Login_ThatTookTooLong_IsNone()
    {
        var time = new FakeTimeProvider();
        using var gateway = new Gateway(fixture.Corp, new AccountSecret(new byte[] { 1 }), time);
        var (state, kept, returned) = await gateway.BeginAsync();
        time.Advance(TimeSpan.FromHours(1));

        Assert.Same(LoginOutcome.BadState, await gateway.EndAsync(state, kept, returned));
    }

    [Fact]
    public async Task Nonsense_AsTokenStateCodeOrCallback_IsNeverAFault()
    {
        var random = new Random(42);
        var (location, cookie) = await BeginAsync();
        var good = fixture.Corp.Signed("alice");
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = fixture.Server.Address };
        for (var i = 0; i < 3000; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, (i % 3) switch
            {
                0 => "/v1/buckets/default",
                1 => $"/v1/openid/corp/token?state={Text()}&code={Text()}&iss={Text()}&error={Text()}",
                _ => $"/v1/openid/corp/login?callback={Uri.EscapeDataString(Callback)}{Text()}&scope={Text()}&prompt={Text()}",
            });
            if (i % 3 == 0)
            {
                // Not opaque ones: those are for the provider.
                request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + Spoil(good));
            }

            request.Headers.TryAddWithoutValidation("Cookie", Spoil(cookie));
            using var answer = await client.SendAsync(request);
            Assert.True((int)answer.StatusCode < 500 || fixture.Corp.Fault != 0, $"{request.RequestUri} {answer.StatusCode} {request}");
            Assert.True(answer.Headers.Location is null || answer.Headers.Location.ToString().StartsWith(fixture.Corp.Url, StringComparison.Ordinal));
        }

        string Text() => Uri.EscapeDataString(string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => (char)random.Next(random.Next(2) == 0 ? 128 : 0xD7FF))));

        string Spoil(string text)
        {
            var spoiled = new StringBuilder(text);
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                var at = random.Next(spoiled.Length);
                switch (random.Next(4))
                {
                    case 0:
                        spoiled[at] = (char)random.Next(33, 127);
                        break;
                    case 1:
                        spoiled.Remove(at, Math.Min(random.Next(1, 20), spoiled.Length - at));
                        break;
                    case 2:
                        spoiled.Insert(at, random.Next(2) == 0 ? "." : "AAAA");
                        break;
                    default:
                        spoiled.Insert(at, text.AsSpan(0, random.Next(text.Length)));
                        break;
                }
            }

            return spoiled.ToString();
        }
    }

    private sealed class Gateway : IDisposable
    {
        private readonly GatewayMetrics metrics = new();
        private readonly OpenIdIssuer issuer;
        private readonly OpenIdProviders providers;
        private readonly OpenIdLogins logins;

        public Gateway(OpenIdIssuer issuer, AccountSecret secret, TimeProvider time)
        {
            this.issuer = issuer;
            var options = new OpenIdOptions { Providers = new Dictionary<string, OpenIdProviderOptions>(StringComparer.Ordinal) { ["1"] = OpenIdServer.Of(issuer) } };
            providers = new OpenIdProviders(options, secret, metrics, time, NullLogger<OpenIdProvider>.Instance);
            logins = new OpenIdLogins(providers, options, secret, time);
        }

        public async Task<(string State, string Kept, LoginReturn Returned)> BeginAsync()
        {
            var begun = await logins.BeginAsync(providers.All[0], Callback, "openid", prompt: null, "http://127.0.0.1/v1/openid/corp/token", CancellationToken.None);
            var query = QueryHelpers.ParseQuery(issuer.SignIn(new Uri(begun!.Value.Location)));
            return (begun.Value.State, begun.Value.Sealed, new LoginReturn(query["code"], query["iss"], Error: null, Description: null));
        }

        public async Task<LoginOutcome> EndAsync(string state, string kept, LoginReturn returned, string who = "@here") =>
            await logins.EndAsync(providers.All[0], state, kept, returned, who, CancellationToken.None);

        public void Dispose()
        {
            providers.Dispose();
            metrics.Dispose();
        }
    }
}
