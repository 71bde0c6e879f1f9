namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>What a request for a token must have, and what it is answered.</summary>
public sealed class TokenRequestTests(TokenServers servers) : IClassFixture<TokenServers>
{
    private const string Unauthorized = """{"status":"invalid-credentials","errors":[{"location":"body","name":"","description":"Unauthorized"}]}""";
    private static readonly string Key = TokenServers.Key(1795306919696, "1346889a67fdb826fdc7046aa7fa9ba5");
    private static int lastUser;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Token_IsGiven_AndOpensTheStorage(bool isSigned)
    {
        var user = NewUser();
        var before = servers.Time.GetUtcNow().ToUnixTimeSeconds();
        var answer = await servers.AskAsync(isSigned ? servers.Accounts.Signed(user) : servers.Accounts.Opaque(user), Key);
        using var device = servers.Device(answer);

        Assert.Equal(["id", "key", "uid", "api_endpoint", "duration", "hashed_fxa_uid", "hashalg", "node_type"], answer.Json.EnumerateObject().Select(static member => member.Name));
        Assert.Equal($"{servers.Sync.Address.GetLeftPart(UriPartial.Authority)}/1.5/{device.Uid}", Text(answer, "api_endpoint"));
        Assert.Equal(3600, answer.Json.GetProperty("duration").GetInt32());
        Assert.Matches("^[0-9a-f]{32}$", Text(answer, "hashed_fxa_uid"));
        Assert.Equal("sha256", Text(answer, "hashalg"));
        Assert.Matches("^(postgres|sqlite)$", Text(answer, "node_type"));
        Assert.InRange(long.Parse(answer.Headers["X-Timestamp"], System.Globalization.CultureInfo.InvariantCulture), before, before + 600);
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
        Assert.EndsWith("; sandbox", answer.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);

        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
        var again = await servers.AskAsync(servers.Accounts.Opaque(user), Key);
        using var other = servers.Device(again);
        Assert.Equal(device.Uid, other.Uid);
        Assert.Equal(Text(answer, "hashed_fxa_uid"), Text(again, "hashed_fxa_uid"));
        Assert.NotEqual(device.Id, other.Id);
        (await other.GetAsync("/storage/tabs/a")).AssertOk();
    }

    [Fact]
    public async Task Token_SaysWhoseItIs_AsOtherStoragesReadIt()
    {
        var user = NewUser();
        var answer = await servers.AskAsync(servers.Accounts.Opaque(user), Key);
        var (token, key) = Assert.NotNull(new TokenSigner([SyncServer.Secret]).Verify(Text(answer, "id")));

        Assert.Equal((Text(answer, "key"), answer.Json.GetProperty("uid").GetInt64()), (key, token.Uid));
        Assert.Equal("1795306919696-E0aImmf9uCb9xwRqp_qbpQ", token.KeyId);
        Assert.Equal((user, Text(answer, "hashed_fxa_uid")), (token.AccountId, token.HashedAccountId));
        Assert.Equal(servers.Sync.Address.GetLeftPart(UriPartial.Authority), token.Node);
        Assert.Matches("^[0-9a-f]{32}$", token.HashedDeviceId);
        Assert.Matches("^[0-9a-f]{6}$", token.Salt);
        Assert.Null(token.QuotaBytes);
        Assert.InRange(token.Expires - servers.Time.GetUtcNow().ToUnixTimeSeconds(), 3000, 3600);
    }

    [Theory]
    [InlineData("?duration=60", 60)]
    [InlineData("?duration=0", 0)]
    [InlineData("?duration=3600", 3600)]
    [InlineData("?duration=3601", 3600)]
    [InlineData("?duration=-1", 3600)]
    [InlineData("?duration=1.5", 3600)]
    [InlineData("?duration=", 3600)]
    [InlineData("?duration=99999999999999999999999", 3600)]
    [InlineData("?duration=5&duration=6", 3600)]
    public async Task Duration_ThatIsShorter_IsKept_AndAnyOtherIsPassedOver(string query, int seconds)
    {
        var answer = await servers.AskAsync(servers.Accounts.Opaque(NewUser()), Key, "/1.0/sync/1.5" + query);

        Assert.Equal(seconds, answer.Json.GetProperty("duration").GetInt32());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Bearer")]
    public async Task Credentials_ThatAreNotThere_Are401(string? header)
    {
        var answer = await servers.AskAsync(null, Key, headers: header is null ? [] : [("Authorization", header)]);

        AssertError(answer, 401, """{"status":"error","errors":[{"location":"body","name":"","description":"Unauthorized"}]}""");
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("BrowserID")]
    [InlineData("Bearer,")]
    public async Task Credentials_OfAnotherKind_Are401(string scheme) => AssertError(
        await servers.AskAsync(servers.Accounts.Opaque(NewUser()), Key, scheme: scheme),
        401,
        """{"status":"error","errors":[{"location":"body","name":"","description":"Unsupported"}]}""");

    [Fact]
    public async Task Scheme_InAnyCase_IsTaken() =>
        Assert.Equal(200, (await servers.AskAsync(servers.Accounts.Opaque(NewUser()), Key, scheme: "bEARER")).Status);

    [Fact]
    public async Task Token_ThatIsNone_Is401_WhateverElseIsWrong()
    {
        AssertError(await servers.AskAsync("nothing", Key), 401, Unauthorized);
        AssertError(await servers.AskAsync("nothing", null), 401, Unauthorized);
        AssertError(await servers.AskAsync("nothing", Key, "/1.0/mail/2.0"), 401, Unauthorized);
    }

    [Fact]
    public async Task KeyId_ThatIsMissingOrNone_Is401_BeforeTheApplicationIsLookedAt()
    {
        AssertError(
            await servers.AskAsync(servers.Accounts.Opaque(NewUser()), null, "/1.0/mail/2.0"),
            401,
            """{"status":"invalid-key-id","errors":[{"location":"header","name":"","description":"Missing X-KeyID header"}]}""");
        AssertError(await servers.AskAsync(servers.Accounts.Opaque(NewUser()), "17"), 401, Unauthorized);
    }

    [Fact]
    public async Task ClientState_ThatCannotBeOrIsAnother_IsRefused()
    {
        AssertError(
            await servers.AskAsync(servers.Accounts.Opaque(NewUser()), Key, headers: ("X-Client-State", "a b")),
            400,
            """{"status":"error","errors":[{"location":"header","name":"X-Client-State","description":"Invalid client state value"}]}""");
        AssertError(
            await servers.AskAsync(servers.Accounts.Opaque(NewUser()), Key, headers: ("X-Client-State", "aa")),
            401,
            """{"status":"invalid-client-state","errors":[{"location":"body","name":"","description":"Unauthorized"}]}""");
        Assert.Equal(200, (await servers.AskAsync(servers.Accounts.Opaque(NewUser()), Key, headers: ("X-Client-State", "1346889a67fdb826fdc7046aa7fa9ba5"))).Status);
    }

    [Fact]
    public async Task Application_OrVersion_ThatIsNone_Is404()
    {
        var user = NewUser();
        AssertError(
            await servers.AskAsync(servers.Accounts.Opaque(user), Key, "/1.0/mail/1.5"),
            404,
            """{"status":"error","errors":[{"location":"url","name":"application","description":"Unsupported application"}]}""");
        AssertError(
            await servers.AskAsync(servers.Accounts.Opaque(user), Key, "/1.0/sync/1.1"),
            404,
            """{"status":"error","errors":[{"location":"url","name":"1.1","description":"Unsupported application version"}]}""");
        Assert.Empty(await servers.Assignments.FindAsync(servers.User(user), CancellationToken.None));
    }

    [Theory]
    [InlineData("/token/1.0/sync/1.5", 200)]
    [InlineData("/i/code/1.0/sync/1.5", 200)]
    [InlineData("/token/i/code/1.0/sync/1.5", 200)]
    [InlineData("/token/sync/1.5", 404)]
    [InlineData("/i/sync/1.5", 404)]
    [InlineData("/i/1.0/sync/1.5", 404)]
    [InlineData("/1.0/1.0/sync/1.5", 404)]
    [InlineData("/1.0/i/code/1.0/sync/1.5", 404)]
    [InlineData("/1.0/sync/1.5/", 404)]
    [InlineData("/1.0", 404)]
    [InlineData("/token", 404)]
    [InlineData("/token/1.0/1.0/sync/1.5", 404)]
    public async Task Paths_WithAndWithoutTheOldPrefix_AreServed_AndNoOthers(string path, int status)
    {
        var answer = await servers.AskAsync(servers.Accounts.Opaque(NewUser()), Key, path);

        Assert.Equal(status, answer.Status);
        Assert.True(status == 200 || answer.Json.GetProperty("status").GetString() == "error", answer.Text);
    }

    [Fact]
    public async Task Methods_ThatAreNone_Are405_AndPagesOfOtherOriginsMayCall()
    {
        AssertError(
            await servers.AskAsync(null, null, method: "POST"), 405, """{"status":"error","errors":[{"location":"body","name":"","description":"Method not allowed"}]}""");
        var preflight = await servers.AskAsync(null, null, method: "OPTIONS", headers: [("Origin", "https://app.example.org"), ("Access-Control-Request-Headers", "authorization, x-keyid")]);
        Assert.Equal(
            (200, "https://app.example.org", "authorization, x-keyid", "GET, OPTIONS"),
            (preflight.Status, preflight.Headers["Access-Control-Allow-Origin"], preflight.Headers["Access-Control-Allow-Headers"], preflight.Headers["Access-Control-Allow-Methods"]));
    }

    [Fact]
    public async Task AccountServer_ThatIsAway_Is503_AndNoFaultOfTheTokens()
    {
        await using var own = new Owned(await TokenServers.StartAsync());
        var token = own.Servers.Accounts.Opaque(NewUser());
        own.Servers.Accounts.Fault = 500;

        var answer = await own.Servers.AskAsync(token, Key);

        AssertError(answer, 503, """{"status":"error","errors":[{"location":"body","name":"","description":"Resource is not available"}]}""");
        Assert.Equal("10", answer.Headers["Retry-After"]);
    }

    [Fact]
    public async Task Url_ThatClientsAreTold_IsThePublicOne_AndChangesNothingElse()
    {
        await using var own = new Owned(await TokenServers.StartAsync(configureServer: static options => options with
        {
            Http = options.Http with { PublicUrl = "https://sync.example.org/firefox/" },
        }));
        var answer = await own.Servers.AskAsync(own.Servers.Accounts.Opaque("u"), Key);
        var uid = answer.Json.GetProperty("uid").GetInt64();
        Assert.Equal($"https://sync.example.org/firefox/1.5/{uid}", Text(answer, "api_endpoint"));

        var now = own.Servers.Time.GetUtcNow().ToUnixTimeSeconds();
        using var device = own.Servers.Device(answer);
        (await device.GetAsync("/info/quota", ("Authorization", HawkSigner.Header(device.Id, device.Key, now, "GET", $"/firefox/1.5/{uid}/info/quota", "sync.example.org", 443)))).AssertOk();
    }

    [Theory]
    [InlineData("/firefox")]
    [InlineData("/firefox/")]
    public async Task Prefix_ThatATrustedProxyTakesAwayAndNames_IsPartOfTheUrl_AndOfWhatIsSigned(string prefix)
    {
        await using var own = new Owned(await TokenServers.StartAsync(configureServer: static options => options with
        {
            Http = options.Http with { TrustedProxies = "127.0.0.1" },
        }));
        (string, string)[] forwarded = [("X-Forwarded-For", "10.0.0.9"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "sync.example.org"), ("X-Forwarded-Prefix", prefix)];
        var answer = await own.Servers.AskAsync(own.Servers.Accounts.Opaque("u"), Key, headers: [.. forwarded.Select(static header => (header.Item1, (string?)header.Item2))]);
        using var device = own.Servers.Device(answer);
        Assert.Equal($"https://sync.example.org/firefox/1.5/{device.Uid}", Text(answer, "api_endpoint"));

        var header = HawkSigner.Header(
            device.Id, device.Key, own.Servers.Time.GetUtcNow().ToUnixTimeSeconds(), "GET", $"/firefox/1.5/{device.Uid}/info/quota?x=%2F", "sync.example.org", 443);
        (await device.GetAsync("/info/quota?x=%2F", [.. forwarded, ("Authorization", header)])).AssertOk();
        (await device.GetAsync("/info/quota?x=%2F", [.. forwarded])).AssertError(401, 0);
    }

    [Fact]
    public async Task Name_ThatChanges_KeepsUserAndData()
    {
        var user = NewUser();
        using var device = servers.Device(await servers.AskAsync(servers.Accounts.Opaque(user), Key));
        var answer = await servers.AskAsync(servers.Accounts.Opaque(user), Key, headers: ("Host", "new.example.org:8443"));

        Assert.Equal($"http://new.example.org:8443/1.5/{device.Uid}", Text(answer, "api_endpoint"));
    }

    [Fact]
    public async Task Server_WithoutAnIssuer_GivesOutNoTokens()
    {
        var server = await SyncServer.StartAsync();
        using var http = new HttpClient();
        foreach (var path in new[] { "/1.0/sync/1.5", "/token/1.0/sync/1.5" })
        {
            Assert.Equal(404, (int)(await http.GetAsync(new Uri(server.Address, path))).StatusCode);
        }

        await server.DisposeAsync();
    }

    private static string NewUser() => $"user-{Interlocked.Increment(ref lastUser)}";

    private static string Text(SyncAnswer answer, string name) => answer.Json.GetProperty(name).GetString()!;

    private static void AssertError(SyncAnswer answer, int status, string body)
    {
        Assert.Equal((status, body), (answer.Status, answer.Text));
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        Assert.Matches("^[0-9]+$", answer.Headers["X-Timestamp"]);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
    }
}
