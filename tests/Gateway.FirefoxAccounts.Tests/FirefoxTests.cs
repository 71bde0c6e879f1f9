using System.Text.Json;
using Lockstep.Gateway.Syncto;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.Contract;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>The requests of a desktop Firefox and of the page that it opens, in their order.</summary>
[Collection(SharedServer.Name)]
public sealed class FirefoxTests(AccountsServer server)
{
    private string Origin => server.Address.GetLeftPart(UriPartial.Authority);

    [Fact]
    public async Task ClientConfiguration_NamesFourServers_WithoutVersion()
    {
        using var client = server.Anonymous();

        var answer = (await client.GetAsync("/.well-known/fxa-client-configuration")).Ok();

        Assert.Equal(
            $$"""{"auth_server_base_url":"{{Origin}}/auth","oauth_server_base_url":"{{Origin}}/auth","profile_server_base_url":"{{Origin}}/profile","sync_tokenserver_base_url":"{{Origin}}/token"}""",
            answer.Text);
    }

    [Fact]
    public async Task OpenIdConfiguration_HasTheSixUrlsThatPhonesNeed()
    {
        using var client = server.Anonymous();

        var answer = (await client.GetAsync("/.well-known/openid-configuration")).Ok();

        foreach (var name in new[] { "authorization_endpoint", "introspection_endpoint", "issuer", "jwks_uri", "token_endpoint", "userinfo_endpoint" })
        {
            Assert.StartsWith(Origin, answer.String(name), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task SignUp_SignIn_AndFetchingKeys_GiveTheSameKeyEachTime()
    {
        var person = await server.NewPersonAsync();

        var first = await person.KeyAsync();
        var second = await person.KeyAsync();

        Assert.Equal(first, second);
        Assert.NotEqual(person.UnwrapKey, first);
    }

    [Fact]
    public async Task SignUp_Answer_HasWhatThePageGivesFirefox()
    {
        var person = new Person(server, $"{Guid.NewGuid():N}@example.org");

        var answer = await person.SignUpAsync();

        Assert.Matches("^[0-9a-f]{32}$", answer.String("uid"));
        Assert.Matches("^[0-9a-f]{64}$", answer.String("sessionToken"));
        Assert.Matches("^[0-9a-f]{64}$", answer.String("keyFetchToken"));
        Assert.True(answer.Json.GetProperty("verified").GetBoolean());
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
        Assert.EndsWith("; sandbox", answer.Headers["Content-Security-Policy"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeyFetchToken_OpensTheKeysOnce()
    {
        var person = await server.NewPersonAsync();
        var token = (await person.LoginAsync(keys: true)).Ok().String("keyFetchToken");
        (await person.Client.GetAsync("/auth/v1/account/keys", AccountClient.Bearer(token, "keyFetchToken"))).Ok();

        (await person.Client.GetAsync("/auth/v1/account/keys", AccountClient.Bearer(token, "keyFetchToken"))).Refused(401, 110);
    }

    [Fact]
    public async Task Session_OpensByHawkAndByItsIdAlike_AndEndsForBoth()
    {
        var person = await server.NewPersonAsync();
        var status = "/auth/v1/session/status";
        var byHawk = (await person.Client.GetAsync(status, person.Client.Hawk(person.Session, "sessionToken", "GET", status))).Ok();
        var byId = (await person.Client.GetAsync(status, AccountClient.Bearer(person.Session, "sessionToken"))).Ok();
        Assert.Equal(byHawk.Text, byId.Text);
        Assert.Equal(person.Uid, byId.String("uid"));

        (await person.PostAsync("/session/destroy", new { })).Ok();

        (await person.GetAsync("/session/status")).Refused(401, 110);
        (await person.Client.GetAsync(status, AccountClient.Bearer(person.Session, "sessionToken"))).Refused(401, 110);
        Assert.Equal("""{"exists":true}""", (await person.Client.GetAsync($"/auth/v1/account/status?uid={person.Uid}")).Ok().Text);
        Assert.Equal("""{"exists":false}""", (await person.Client.GetAsync($"/auth/v1/account/status?uid={AccountClient.RandomHex(16)}")).Ok().Text);
    }

    [Theory]
    [InlineData(365 * 86_400 / 2, 200)]
    [InlineData(400 * 86_400, 401)]
    public async Task Hawk_WithAClockThatIsWrong_IsTakenUpToAYear(long skew, int expected)
    {
        var person = await server.NewPersonAsync();

        var answer = await person.Client.GetAsync("/auth/v1/session/status", person.Client.Hawk(person.Session, "sessionToken", "GET", "/auth/v1/session/status", skew: skew));

        Assert.Equal(expected, answer.Status);
    }

    [Fact]
    public async Task Hawk_OverAnotherBodyPathOrMethod_IsRefused()
    {
        var person = await server.NewPersonAsync();
        const string path = "/auth/v1/account/device";
        var right = person.Client.Hawk(person.Session, "sessionToken", "POST", path, """{"name":"a"}""");
        (await person.Client.SendAsync("POST", path, """{"name":"a"}""", right)).Ok();

        (await person.Client.SendAsync("POST", path, """{"name":"b"}""", right)).Refused(401, 109);
        (await person.Client.SendAsync("POST", path + "?a=b", """{"name":"a"}""", right)).Refused(401, 109);
        (await person.Client.GetAsync("/auth/v1/account/devices", right)).Refused(401, 109);
    }

    [Fact]
    public async Task CodeOfThePage_IsRedeemedByFirefox_WithTheKeysThatThePageMade()
    {
        var person = await server.NewPersonAsync();
        var (code, verifier) = await person.AuthorizeAsync(jwe: "made.by.the.page.x");
        Assert.Equal("a state", code.Ok().String("state"));
        Assert.StartsWith("urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel?code=", code.String("redirect"), StringComparison.Ordinal);
        var grant = new { grant_type = "authorization_code", code = code.String("code"), client_id = AccountClient.Desktop, code_verifier = verifier };

        var tokens = (await person.PostAsync("/oauth/token", grant)).Ok();

        Assert.Equal("made.by.the.page.x", tokens.String("keys_jwe"));
        Assert.Equal(AccountClient.SyncScope + " profile", tokens.String("scope"));
        Assert.Equal("bearer", tokens.String("token_type"));
        Assert.True(tokens.Json.GetProperty("expires_in").GetInt32() > 60);
        (await person.PostAsync("/oauth/token", grant)).Refused(400, 172);

        // Firefox ends the refresh token at once, and goes on by its session.
        Assert.Equal("{}", (await person.Client.PostAsync("/auth/v1/oauth/destroy", new { client_id = AccountClient.Desktop, token = tokens.String("refresh_token") })).Ok().Text);
        var access = await person.PostAsync("/oauth/token", new { grant_type = "fxa-credentials", client_id = AccountClient.Desktop, scope = AccountClient.SyncScope, ttl = 21600 });
        Assert.Equal(21600, access.Ok().Json.GetProperty("expires_in").GetInt32());
        var brief = await person.PostAsync("/oauth/token", new { grant_type = "fxa-credentials", client_id = AccountClient.Desktop, scope = "profile" });
        Assert.Equal(900, brief.Ok().Json.GetProperty("expires_in").GetInt32());
    }

    [Fact]
    public async Task AccessTokenOfThisServer_OpensItsTokenServer_AndTheStorage()
    {
        var person = await server.NewPersonAsync();
        var key = await person.KeyAsync();
        var keyId = await person.KeyIdAsync(key);

        var token = (await person.SyncTokenAsync(await person.AccessTokenAsync(AccountClient.SyncScope), keyId)).Ok();

        Assert.True(token.Json.GetProperty("uid").GetInt64() > 0);
        Assert.StartsWith(Origin + "/1.5/", token.String("api_endpoint"), StringComparison.Ordinal);
        Assert.Equal(token.Json.GetProperty("uid").GetInt64(), (await person.SyncTokenAsync(await person.AccessTokenAsync(AccountClient.SyncScope), keyId)).Ok().Json.GetProperty("uid").GetInt64());
    }

    [Fact]
    public async Task AccessTokenForSomethingElse_OpensNoTokenServer()
    {
        var person = await server.NewPersonAsync();
        var keyId = await person.KeyIdAsync(await person.KeyAsync());

        Assert.Equal(401, (await person.SyncTokenAsync(await person.AccessTokenAsync("profile"), keyId)).Status);
        Assert.Equal(401, (await person.SyncTokenAsync(person.Session, keyId)).Status);
    }

    [Fact]
    public async Task AccessToken_IsAJwtThatAnybodyCanVerify_ByThePublishedKeys()
    {
        var person = await server.NewPersonAsync();
        var keys = new JsonWebKeySet((await person.Client.GetAsync("/auth/v1/jwks")).Ok().Text);

        var result = await new JsonWebTokenHandler().ValidateTokenAsync(await person.AccessTokenAsync(AccountClient.SyncScope), new TokenValidationParameters
        {
            IssuerSigningKeys = keys.GetSigningKeys(), ValidIssuer = Origin, ValidAudience = Origin + "/token", ValidTypes = ["at+jwt"], ValidAlgorithms = ["RS256"],
        });

        Assert.True(result.IsValid, result.Exception?.Message);
        Assert.Equal(person.Uid, result.Claims["sub"]);
        Assert.Equal(AccountClient.SyncScope, result.Claims["scope"]);
        Assert.True((long)result.Claims["fxa-generation"] > 0);
    }

    [Fact]
    public async Task AccessTokenThatIsDestroyed_OrWhoseSessionEnds_OpensNothingAnyMore()
    {
        var person = await server.NewPersonAsync();
        var keyId = await person.KeyIdAsync(await person.KeyAsync());
        var other = await person.NewSessionAsync();
        var (destroyed, ended) = (await person.AccessTokenAsync(AccountClient.SyncScope), await person.AccessTokenAsync(AccountClient.SyncScope, other));

        // Syncto takes them too, and remembers neither.
        (await person.SynctoAsync(destroyed, keyId)).Ok();
        (await person.SynctoAsync(ended, keyId)).Ok();
        (await person.Client.PostAsync("/auth/v1/oauth/destroy", new { client_id = AccountClient.Desktop, token = destroyed })).Ok();
        (await person.PostAsync("/session/destroy", new { }, other)).Ok();

        foreach (var token in new[] { destroyed, ended })
        {
            Assert.Equal(401, (await person.SyncTokenAsync(token, keyId)).Status);
            Assert.Equal(401, (await person.SynctoAsync(token, keyId)).Status);
        }

        (await person.Client.PostAsync("/auth/v1/verify", new { token = ended })).Refused(401, 110);
    }

    [Fact]
    public async Task DeviceThatIsRemoved_ReadsAndWrites_UntilItsTokenForTheStorageEnds()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        var own = await AccountsServer.StartAsync(time: time);
        var person = await own.NewPersonAsync();
        var key = await person.KeyAsync();
        var removed = await person.StorageAsync(key);
        var session = await person.NewSessionAsync();
        (await person.PostAsync("/session/destroy", new { })).Ok();
        (await removed.PutAsync("/storage/bookmarks/a", """{"payload":"p"}""")).Ok();

        time.JumpWallClock(own.Options.Sync15.TokenDuration + TimeSpan.FromSeconds(1));

        Assert.Equal(401, (await removed.GetAsync("/storage/bookmarks/a")).Status);
        person.Session = session;
        (await (await person.StorageAsync(key)).GetAsync("/storage/bookmarks/a")).Ok();
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Profile_TellsWhoItIs_AndNothingWhenItIsTheSame()
    {
        var person = await server.NewPersonAsync();
        var access = await person.AccessTokenAsync("profile");

        var answer = (await person.Client.GetAsync("/profile/v1/profile", "Bearer " + access)).Ok();

        Assert.Equal((person.Uid, person.Email), (answer.String("uid"), answer.String("email")));
        Assert.Equal(Origin + "/profile/v1/avatar/default", answer.String("avatar"));
        Assert.True(answer.Json.GetProperty("avatarDefault").GetBoolean());
        foreach (var tag in new[] { answer.Headers["ETag"], $"\"{answer.Headers["ETag"]}\"" })
        {
            Assert.Equal(304, (await person.Client.SendAsync("GET", "/profile/v1/profile", null, "Bearer " + access, headers: ("If-None-Match", tag))).Status);
        }

        Assert.Equal("image/svg+xml", (await person.Client.GetAsync("/profile/v1/avatar/default")).Ok().Headers["Content-Type"]);
    }

    [Fact]
    public async Task Devices_AreListedNamedAndRemoved_WithWhatTheySignInWith()
    {
        var person = await server.NewPersonAsync();
        var other = await person.NewSessionAsync();
        var mine = (await person.PostAsync("/account/device", new { name = "Mine", type = "desktop", availableCommands = new Dictionary<string, string> { ["a"] = "b" } })).Ok();
        var its = (await person.PostAsync("/account/device", new { name = "Its", type = "desktop" }, other)).Ok();
        (await person.PostAsync("/account/device", new { id = mine.String("id"), name = "Renamed" })).Ok();

        var listed = (await person.GetAsync("/account/devices?filterIdleDevicesTimestamp=0")).Ok();

        Assert.Equal(
            [("Renamed", true), ("Its", false)],
            listed.Json.EnumerateArray().Select(device => (device.GetProperty("name").GetString()!, device.GetProperty("isCurrentDevice").GetBoolean())));
        Assert.All(listed.Json.EnumerateArray(), static device =>
        {
            Assert.True(device.GetProperty("pushEndpointExpired").GetBoolean());
            Assert.Equal(JsonValueKind.Object, device.GetProperty("location").ValueKind);
            Assert.Equal(JsonValueKind.Object, device.GetProperty("availableCommands").ValueKind);
        });
        (await person.PostAsync("/account/device", new { id = AccountClient.RandomHex(16), name = "x" })).Refused(400, 123);
        (await person.PostAsync("/account/device", new { id = its.String("id"), name = "x" })).Refused(400, 124);
        (await person.PostAsync("/account/device/destroy", new { id = its.String("id") })).Ok();
        (await person.GetAsync("/session/status", other)).Refused(401, 110);
        Assert.Single((await person.GetAsync("/account/devices")).Ok().Json.EnumerateArray());
    }

    [Fact]
    public async Task Device_WithHalfACharacter_IsRefused()
    {
        var person = await server.NewPersonAsync();

        (await person.Client.SendAsync("POST", "/auth/v1/account/device", """{"name":"x","availableCommands":{"a":"\ud800"}}""", AccountClient.Bearer(person.Session, "sessionToken"))).Refused(400, 107);
    }

    [Fact]
    public async Task Command_ForADevice_WaitsUntilItAsks_InOrder()
    {
        var person = await server.NewPersonAsync();
        var other = await person.NewSessionAsync();
        const string sendTab = "https://identity.mozilla.com/cmd/open-uri";
        var target = (await person.PostAsync("/account/device", new { name = "Target", type = "desktop", availableCommands = new Dictionary<string, string> { [sendTab] = "key" } }, other)).Ok().String("id");
        var sender = (await person.PostAsync("/account/device", new { name = "Sender", type = "desktop" })).Ok().String("id");
        var invoked = (await person.PostAsync("/account/devices/invoke_command", new { target, command = sendTab, payload = new { encrypted = "1" } })).Ok();
        Assert.False(invoked.Json.GetProperty("notified").GetBoolean());
        (await person.PostAsync("/account/devices/invoke_command", new { target, command = sendTab, payload = new { encrypted = "2" } })).Ok();

        var first = (await person.GetAsync("/account/device/commands?index=0&limit=1", other)).Ok();
        var rest = (await person.GetAsync($"/account/device/commands?index={first.Json.GetProperty("index").GetInt64() + 1}", other)).Ok();

        var message = Assert.Single(first.Json.GetProperty("messages").EnumerateArray());
        Assert.False(first.Json.GetProperty("last").GetBoolean());
        Assert.Equal(sender, message.GetProperty("data").GetProperty("sender").GetString());
        Assert.Equal("1", message.GetProperty("data").GetProperty("payload").GetProperty("encrypted").GetString());
        Assert.Equal("2", Assert.Single(rest.Json.GetProperty("messages").EnumerateArray()).GetProperty("data").GetProperty("payload").GetProperty("encrypted").GetString());
        Assert.True(rest.Json.GetProperty("last").GetBoolean());
        (await person.PostAsync("/account/devices/invoke_command", new { target, command = "other", payload = new { } })).Refused(400, 157);
        (await person.PostAsync("/account/devices/invoke_command", new { target = AccountClient.RandomHex(16), command = sendTab, payload = new { } })).Refused(400, 123);
        (await person.PostAsync("/account/devices/notify", new { to = "all", excluded = new[] { sender }, payload = new { version = 1 }, TTL = 0 })).Ok();
    }

    [Fact]
    public async Task AttachedClients_NameSessionsAndRefreshTokens_AndEndThem()
    {
        var person = await server.NewPersonAsync();
        var other = await person.NewSessionAsync();
        var refresh = (await person.TokensAsync()).String("refresh_token");

        var clients = (await person.GetAsync("/account/attached_clients")).Ok().Json.EnumerateArray().ToList();

        Assert.Equal(2, clients.Count);
        var current = Assert.Single(clients, static client => client.GetProperty("isCurrentSession").GetBoolean());
        Assert.DoesNotContain(person.Session, current.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(refresh, string.Concat(clients.Select(static client => client.GetRawText())), StringComparison.Ordinal);

        // Of one sign-in, so one client.
        Assert.NotNull(current.GetProperty("refreshTokenId").GetString());
        var its = Assert.Single(clients, static client => !client.GetProperty("isCurrentSession").GetBoolean());
        (await person.PostAsync("/account/attached_client/destroy", new { sessionTokenId = its.GetProperty("sessionTokenId").GetString() })).Ok();
        (await person.GetAsync("/session/status", other)).Refused(401, 110);
        (await person.GetAsync("/session/status")).Ok();
        (await person.PostAsync("/account/attached_client/destroy", new { refreshTokenId = current.GetProperty("refreshTokenId").GetString() })).Ok();
        Assert.Equal("""{"active":false}""", (await person.Client.PostAsync("/auth/v1/introspect", new { token = refresh })).Ok().Text);
        (await person.GetAsync("/session/status")).Refused(401, 110);
    }

    [Fact]
    public async Task SwitchedOff_ItsDocumentsAreNotThere()
    {
        var off = await AccountsServer.StartAsync(static (LockstepOptions options) => options with { FirefoxAccounts = options.FirefoxAccounts with { Mode = AccountServerMode.Off }, Syncto = new SynctoOptions() });
        using var client = off.Anonymous();

        Assert.Equal(404, (await client.GetAsync("/.well-known/fxa-client-configuration")).Status);
        Assert.Equal(404, (await client.GetAsync("/.well-known/openid-configuration")).Status);
        await off.DisposeAsync();
    }

    [Fact]
    public async Task Sessions_Devices_AndKeys_OutliveARestart()
    {
        var own = await AccountsServer.StartAsync();
        var person = await own.NewPersonAsync();
        var key = await person.KeyAsync();
        var keys = (await person.Client.GetAsync("/auth/v1/jwks")).Ok().Text;
        var session = person.Session;
        await own.RestartAsync();
        using var client = own.Anonymous();

        (await client.GetAsync("/auth/v1/session/status", AccountClient.Bearer(session, "sessionToken"))).Ok();
        Assert.Equal(keys, (await client.GetAsync("/auth/v1/jwks")).Ok().Text);
        Assert.NotEmpty(key);
        await own.DisposeAsync();
    }
}
