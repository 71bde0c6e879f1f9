using System.Text;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Clients that are not Firefox, and what tokens of theirs open.</summary>
public sealed class OAuthTests : IClassFixture<OAuthTests.Fixture>
{
    private const string App = "app";
    private const string Redirect = "https://app.example.org/done?x=1";
    private readonly AccountsServer server;

    public OAuthTests(Fixture fixture) => server = fixture.Server;

    [Fact]
    public async Task Code_GoesToTheExactRedirect_AndNowhereElse()
    {
        var person = await server.NewPersonAsync();
        var (answer, _) = await person.AuthorizeAsync(App, "kinto", redirect: Redirect);
        Assert.StartsWith(Redirect + "&code=", answer.Ok().String("redirect"), StringComparison.Ordinal);
        Assert.EndsWith("&state=a%20state", answer.String("redirect"), StringComparison.Ordinal);

        foreach (var other in new[] { "https://app.example.org/done", Redirect + "&y=2", "https://app.example.org/", "http://app.example.org/done?x=1", "urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel", "" })
        {
            (await person.AuthorizeAsync(App, "kinto", redirect: other)).Answer.Refused(400, 167);
        }

        (await person.AuthorizeAsync(AccountClient.Desktop, redirect: Redirect)).Answer.Refused(400, 167);
    }

    [Fact]
    public async Task Client_GetsTheScopesOfItsSettings_AndNoOthers()
    {
        var person = await server.NewPersonAsync();
        (await person.AuthorizeAsync(App, AccountClient.SyncScope)).Answer.Refused(400, 163);
        (await person.AuthorizeAsync(App, "kinto " + AccountClient.SyncScope)).Answer.Refused(400, 163);
        (await person.AuthorizeAsync("nobody", "kinto")).Answer.Refused(400, 162);
        (await person.AuthorizeAsync(AccountClient.Desktop, "kinto")).Answer.Refused(400, 163);
        (await person.PostAsync("/oauth/token", new { grant_type = "fxa-credentials", client_id = App, scope = "kinto" })).Refused(400, 162);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "plain")]
    [InlineData("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", null)]
    [InlineData("short", "S256")]
    [InlineData("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuF=", "S256")]
    public async Task Authorization_WithoutPkceOfS256_IsRefused(string? challenge, string? method)
    {
        var person = await server.NewPersonAsync();

        (await person.PostAsync("/oauth/authorization", new { client_id = App, state = "s", scope = "kinto", code_challenge = challenge, code_challenge_method = method })).Refused(400, 169);
    }

    [Fact]
    public async Task Code_IsBoundToClientAndVerifier_AndTakenOnce()
    {
        var person = await server.NewPersonAsync();
        var (answer, verifier) = await person.AuthorizeAsync(App, "kinto", redirect: Redirect);
        var code = answer.Ok().String("code");
        (await TokenAsync(person, AccountClient.Desktop, code, verifier)).Refused(400, 173);
        (await person.Client.PostAsync("/auth/v1/oauth/token", new { client_id = App, code, code_verifier = verifier, redirect_uri = "https://other.example.org/" })).Refused(400, 167);
        (await TokenAsync(person, App, code, verifier)).Ok();
        (await TokenAsync(person, App, code, verifier)).Refused(400, 172);

        (answer, verifier) = await person.AuthorizeAsync(App, "kinto", redirect: Redirect);
        (await TokenAsync(person, App, answer.Ok().String("code"), AccountClient.RandomHex(32))).Refused(400, 175);
        (await TokenAsync(person, App, answer.Ok().String("code"), verifier)).Refused(400, 172);
    }

    [Fact]
    public async Task ManyWhoTakeOneCodeAtOnce_GetTokensOnce()
    {
        var person = await server.NewPersonAsync();
        var (answer, verifier) = await person.AuthorizeAsync(App, "kinto", redirect: Redirect);

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => TokenAsync(person, App, answer.String("code"), verifier)));

        Assert.Single(answers, static one => one.Status == 200);
        Assert.All(answers.Where(static one => one.Status != 200), static one => one.Refused(400, 172));
    }

    [Fact]
    public async Task Token_MayBeAskedForByAForm_AsOthersDo()
    {
        var person = await server.NewPersonAsync();
        var (answer, verifier) = await person.AuthorizeAsync(App, "kinto profile:email", redirect: Redirect);
        var form = $"grant_type=authorization_code&client_id={App}&code={answer.Ok().String("code")}&code_verifier={verifier}&redirect_uri={Uri.EscapeDataString(Redirect)}";

        var tokens = (await person.Client.SendAsync("POST", "/auth/v1/oauth/token", form, contentType: "application/x-www-form-urlencoded")).Ok();

        Assert.Equal(900, tokens.Json.GetProperty("expires_in").GetInt32());
        Assert.Equal("kinto profile:email", tokens.String("scope"));
        Assert.False(tokens.Has("keys_jwe"));
        var refreshed = (await person.Client.PostAsync("/auth/v1/oauth/token", new { grant_type = "refresh_token", client_id = App, refresh_token = tokens.String("refresh_token"), scope = "profile:email" })).Ok();
        var profile = (await person.Client.GetAsync("/profile/v1/profile", "Bearer " + refreshed.String("access_token"))).Ok();
        Assert.Equal(person.Email, profile.String("email"));
        Assert.False(profile.Has("twoFactorAuthentication"));
        (await person.Client.PostAsync("/auth/v1/oauth/token", new { grant_type = "refresh_token", client_id = App, refresh_token = tokens.String("refresh_token"), scope = "profile" })).Refused(400, 163);
        (await person.Client.PostAsync("/auth/v1/oauth/token", new { grant_type = "refresh_token", client_id = AccountClient.Desktop, refresh_token = tokens.String("refresh_token") })).Refused(401, 110);
    }

    [Fact]
    public async Task Introspection_TellsOfTokensThatCount_AndNothingOfOthers()
    {
        var person = await server.NewPersonAsync();
        var tokens = await person.TokensAsync(App, "kinto", Redirect);

        var access = (await person.Client.PostAsync("/auth/v1/introspect", new { token = tokens.String("access_token") })).Ok();

        Assert.Equal((true, "kinto", App, person.Uid), (access.Json.GetProperty("active").GetBoolean(), access.String("scope"), access.String("client_id"), access.String("sub")));
        Assert.Equal("""{"active":false}""", (await person.Client.PostAsync("/auth/v1/introspect", new { token = "nonsense" })).Ok().Text);
        var verified = (await person.Client.PostAsync("/auth/v1/verify", new { token = tokens.String("access_token") })).Ok();
        Assert.Equal((person.Uid, App), (verified.String("user"), verified.String("client_id")));
    }

    [Fact]
    public async Task Bearer_OfTheRightScope_OpensBucketsAndRecords_AndNoOtherDoes()
    {
        var person = await server.NewPersonAsync();
        var access = (await person.TokensAsync(App, "kinto profile", Redirect)).String("access_token");
        const string record = "/v1/buckets/default/collections/tasks/records/milk";

        var written = await person.Client.SendAsync("PUT", record, """{"data":{"title":"Buy milk"}}""", "Bearer " + access);

        Assert.Equal(201, written.Status);
        Assert.Equal(200, (await person.Client.GetAsync(record, "Bearer " + access)).Status);
        Assert.Contains("account:" + person.Email.ToLowerInvariant(), (await person.Client.GetAsync("/v1/", "Bearer " + access)).Text, StringComparison.Ordinal);
        foreach (var other in new[]
        {
            await person.AccessTokenAsync("profile"), await person.AccessTokenAsync(AccountClient.SyncScope), (await person.TokensAsync(App, "profile", Redirect)).String("access_token"),
            (await person.TokensAsync(App, "kinto", Redirect)).String("refresh_token"), person.Session, "nonsense",
        })
        {
            Assert.Equal(401, (await person.Client.GetAsync(record, "Bearer " + other)).Status);
        }

        // Of the account itself it opens nothing.
        Assert.Equal(401, (await person.Client.SendAsync("PUT", "/v1/accounts/" + person.Email.ToLowerInvariant(), """{"data":{"password":"another1"}}""", "Bearer " + access)).Status);
        Assert.Equal(401, (await person.Client.SendAsync("DELETE", "/v1/accounts/" + person.Email.ToLowerInvariant(), null, "Bearer " + access)).Status);
    }

    [Fact]
    public async Task AppPassword_OpensBuckets_UntilItIsRevoked_AndThePasswordOfSyncNeverDoes()
    {
        var person = await server.NewPersonAsync();
        (await person.PostAsync("/account/app_passwords", new { name = "editor", authPW = AccountClient.RandomHex(32) })).Refused(400, 103);
        var made = (await person.PostAsync("/account/app_passwords", new { name = "editor", authPW = person.AuthPw })).Ok();
        var (user, password) = (made.String("user"), made.String("password"));
        Assert.Matches("^lsp_[a-z2-7]{32}$", password);
        const string record = "/v1/buckets/default/collections/tasks/records/milk";

        Assert.Equal(201, (await person.Client.SendAsync("PUT", record, """{"data":{}}""", Basic(user, password))).Status);
        Assert.Equal(401, (await person.Client.GetAsync(record, Basic("other@example.org", password))).Status);
        Assert.Equal(401, (await person.Client.GetAsync(record, Basic(user, person.AuthPw))).Status);
        Assert.Equal(401, (await person.Client.SendAsync("DELETE", "/v1/accounts/" + user, null, Basic(user, password))).Status);
        var listed = Assert.Single((await person.GetAsync("/account/app_passwords")).Ok().Json.EnumerateArray());
        Assert.DoesNotContain(password, listed.GetRawText(), StringComparison.Ordinal);
        (await person.PostAsync("/account/app_passwords/destroy", new { id = listed.GetProperty("id").GetString() })).Ok();
        Assert.Equal(401, (await person.Client.GetAsync(record, Basic(user, password))).Status);
    }

    [Fact]
    public async Task AppPassword_TellsWhenItWasUsed_ToTheHour()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        var own = await AccountsServer.StartAsync(time: time);
        var person = await own.NewPersonAsync();
        var made = (await person.PostAsync("/account/app_passwords", new { name = "editor", authPW = person.AuthPw })).Ok();
        time.JumpWallClock(TimeSpan.FromHours(3));

        Assert.Equal(200, (await person.Client.GetAsync("/v1/buckets/default/collections/tasks/records", Basic(made.String("user"), made.String("password")))).Status);

        var listed = Assert.Single((await person.GetAsync("/account/app_passwords")).Ok().Json.EnumerateArray());
        Assert.Equal(3 * 3_600_000, listed.GetProperty("lastAccessTime").GetInt64() - listed.GetProperty("createdTime").GetInt64());
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Export_HasAllThatIsStored_Once_AndNoSecret()
    {
        var person = await server.NewPersonAsync();
        var access = (await person.TokensAsync(App, "kinto", Redirect)).String("access_token");
        Assert.Equal(201, (await person.Client.SendAsync("PUT", "/v1/buckets/default/collections/tasks/records/milk", """{"data":{"title":"Buy milk"}}""", "Bearer " + access)).Status);
        var notes = $"notes-{Guid.NewGuid():N}";
        foreach (var (path, body) in new[]
        {
            ("", """{"data":{"of":"mine"},"permissions":{"read":["system.Authenticated"]}}"""), ("/groups/friends", """{"data":{"members":["account:bob"]}}"""),
            ("/collections/read", """{"data":{"title":"Read"}}"""), ("/collections/read/records/a", """{"data":{"text":"b"},"permissions":{"write":["account:bob"]}}"""),
        })
        {
            Assert.Equal(201, (await person.Client.SendAsync("PUT", $"/v1/buckets/{notes}{path}", body, "Bearer " + access)).Status);
        }

        (await (await person.StorageAsync(await person.KeyAsync())).PutAsync("/storage/bookmarks/a", """{"payload":"encrypted","sortindex":5}""")).Ok();
        (await person.PostAsync("/account/device", new { name = "Desk", type = "desktop" })).Ok();
        (await person.PostAsync("/account/export", new { authPW = AccountClient.RandomHex(32) })).Refused(400, 103);
        var url = new Uri((await person.PostAsync("/account/export", new { authPW = person.AuthPw })).Ok().String("url")).AbsolutePath;

        var file = (await person.Client.GetAsync(url)).Ok();

        Assert.StartsWith("attachment", file.Headers["Content-Disposition"], StringComparison.Ordinal);
        Assert.Equal(person.Uid, file.Json.GetProperty("account").GetProperty("uid").GetString());
        var buckets = file.Json.GetProperty("buckets");
        Assert.Equal(["default", notes], buckets.EnumerateArray().Select(static bucket => bucket.GetProperty("id").GetString()));
        Assert.Equal("Buy milk", buckets[0].GetProperty("collections")[0].GetProperty("records")[0].GetProperty("data").GetProperty("title").GetString());
        Assert.Equal("mine", buckets[1].GetProperty("data").GetProperty("of").GetString());
        Assert.Equal("system.Authenticated", buckets[1].GetProperty("permissions").GetProperty("read")[0].GetString());
        Assert.Equal("account:bob", buckets[1].GetProperty("groups")[0].GetProperty("data").GetProperty("members")[0].GetString());
        var read = buckets[1].GetProperty("collections")[0];
        Assert.Equal(("read", "Read"), (read.GetProperty("id").GetString(), read.GetProperty("data").GetProperty("title").GetString()));
        Assert.Equal("b", read.GetProperty("records")[0].GetProperty("data").GetProperty("text").GetString());
        Assert.Contains("account:bob", read.GetProperty("records")[0].GetProperty("permissions").GetProperty("write").EnumerateArray().Select(static one => one.GetString()));
        var synced = file.Json.GetProperty("sync").GetProperty("bookmarks")[0];
        Assert.Equal(("a", "encrypted", 5), (synced.GetProperty("id").GetString(), synced.GetProperty("payload").GetString(), synced.GetProperty("sortindex").GetInt32()));
        Assert.Contains("Desk", file.Json.GetProperty("devices").GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(person.Session, file.Text, StringComparison.Ordinal);
        (await person.Client.GetAsync(url)).Refused(400, 105);
    }

    [Fact]
    public async Task Deletion_TakesTheDataOfOtherProtocolsAlong()
    {
        var person = await server.NewPersonAsync();
        var access = (await person.TokensAsync(App, "kinto", Redirect)).String("access_token");
        await person.Client.SendAsync("PUT", "/v1/buckets/notes", "{}", "Bearer " + access);
        Assert.Equal(201, (await person.Client.SendAsync("PUT", "/v1/buckets/default/collections/tasks/records/milk", """{"data":{}}""", "Bearer " + access)).Status);
        (await person.PostAsync("/account/destroy", new { email = person.Email, authPW = person.AuthPw })).Ok();
        Assert.Equal(401, (await person.Client.GetAsync("/v1/buckets/default/collections/tasks/records/milk", "Bearer " + access)).Status);

        var again = new Person(server, person.Email);
        await again.SignUpAsync();
        access = (await again.TokensAsync(App, "kinto", Redirect)).String("access_token");

        Assert.Equal("""{"data":[]}""", (await again.Client.GetAsync("/v1/buckets/default/collections/tasks/records", "Bearer " + access)).Text);
        Assert.Equal(404, (await again.Client.GetAsync("/v1/buckets/notes/collections/x", "Bearer " + access)).Status is 403 or 404 ? 404 : 0);
    }

    [Fact]
    public async Task Cors_IsForPagesOfConfiguredClients_OnTheirPathsAlone()
    {
        using var client = server.Anonymous();
        var own = await client.SendAsync("GET", "/auth/v1/jwks", null, headers: ("Origin", "https://app.example.org"));
        var foreign = await client.SendAsync("GET", "/auth/v1/jwks", null, headers: ("Origin", "https://other.example.org"));
        var page = await client.SendAsync("GET", "/auth/v1/account/registration", null, headers: ("Origin", "https://app.example.org"));

        Assert.Equal("https://app.example.org", own.Headers["Access-Control-Allow-Origin"]);
        Assert.DoesNotContain("Access-Control-Allow-Credentials", own.Headers.Keys);
        Assert.DoesNotContain("Access-Control-Allow-Origin", foreign.Headers.Keys);
        Assert.DoesNotContain("Access-Control-Allow-Origin", page.Headers.Keys);
        Assert.Equal(403, (await client.SendAsync("GET", "/auth/v1/jwks", null, headers: ("Service-Worker", "script"))).Status);
    }

    [Fact]
    public async Task RefreshToken_OfAnApplication_IsNoDevices()
    {
        var person = await server.NewPersonAsync();
        var app = "Bearer " + (await person.TokensAsync(App, "profile", Redirect)).String("refresh_token");
        var phone = "Bearer " + (await person.TokensAsync(AccountClient.Desktop)).String("refresh_token");

        (await person.Client.GetAsync("/auth/v1/account/devices", app)).Refused(401, 110);
        (await person.Client.GetAsync("/auth/v1/account/devices", phone)).Ok();
        (await person.Client.GetAsync("/auth/v1/account/devices", "Bearer " + (await person.TokensAsync(AccountClient.Desktop, "profile")).String("refresh_token"))).Refused(401, 110);
    }

    [Fact]
    public async Task RefreshToken_OfAnApplication_AndTheDeviceItWasLetInOn_EndEachForItself()
    {
        var person = await server.NewPersonAsync();
        var other = await person.NewSessionAsync();
        var first = (await person.TokensAsync(App, "profile", Redirect)).String("refresh_token");
        foreach (var client in (await person.GetAsync("/account/attached_clients", other)).Ok().Json.EnumerateArray().Where(static client => client.GetProperty("clientId").GetString() == App))
        {
            (await person.PostAsync("/account/attached_client/destroy", new { refreshTokenId = client.GetProperty("refreshTokenId").GetString() }, other)).Ok();
        }

        Assert.Contains("false", (await person.Client.PostAsync("/auth/v1/introspect", new { token = first })).Ok().Text, StringComparison.Ordinal);
        (await person.GetAsync("/session/status")).Ok();
        var second = (await person.TokensAsync(App, "profile", Redirect)).String("refresh_token");
        (await person.PostAsync("/session/destroy", new { })).Ok();
        Assert.Contains("true", (await person.Client.PostAsync("/auth/v1/introspect", new { token = second })).Ok().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_IsDescribedToTheConsentPage()
    {
        using var client = server.Anonymous();

        var app = (await client.GetAsync("/auth/v1/oauth/client/app")).Ok();

        Assert.Equal(("An app", true, false), (app.String("name"), app.Json.GetProperty("consent").GetBoolean(), app.Json.GetProperty("trusted").GetBoolean()));
        Assert.Equal(404, (await client.GetAsync("/auth/v1/oauth/client/")).Status);
        (await client.GetAsync("/auth/v1/client/nobody")).Refused(400, 162);
    }

    private static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private static Task<AccountAnswer> TokenAsync(Person person, string client, string code, string verifier) =>
        person.Client.PostAsync("/auth/v1/oauth/token", new { grant_type = "authorization_code", client_id = client, code, code_verifier = verifier });

    public sealed class Fixture : IAsyncLifetime
    {
        public AccountsServer Server { get; } = new(options => options with
        {
            FirefoxAccounts = options.FirefoxAccounts with
            {
                Clients = new Dictionary<string, OAuthClientOptions>(StringComparer.Ordinal)
                {
                    ["1"] = new() { Id = App, Name = "An app", RedirectUris = Redirect, Scopes = "kinto profile profile:email" },
                },
            },
        });

        public Task InitializeAsync() => Server.InitializeAsync();

        public Task DisposeAsync() => Server.DisposeAsync();
    }
}
