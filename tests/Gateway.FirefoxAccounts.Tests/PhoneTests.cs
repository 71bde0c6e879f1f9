namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>What phones do, by a client of the tests' own. No phone was ever seen to do it.</summary>
[Collection(SharedServer.Name)]
public sealed class PhoneTests(AccountsServer server)
{
    private const string Android = "a2270f727f45f648";
    private const string Ios = "1b1a3e44c54fbb58";
    private const string SessionScope = "https://identity.mozilla.com/tokens/session";
    private const string Usual = "profile " + AccountClient.SyncScope;

    [Theory]
    [InlineData(Android, Usual, true, false)]
    [InlineData(Android, Usual + " " + SessionScope, false, false)]
    [InlineData(Android, Usual, true, true)]
    [InlineData(Ios, Usual + " https://identity.mozilla.com/apps/vpn", true, false)]
    public async Task SignIn_GivesADevice_AProfileAndSync(string client, string scope, bool pageGivesSession, bool signsWithHawk)
    {
        var person = await server.NewPersonAsync();
        using var phone = new PhoneClient(person, client) { SignsWithHawk = signsWithHawk };

        await phone.SignInAsync(scope, pageGivesSession);

        Assert.Equal("Connected", phone.State);
        var profile = (await phone.ProfileAsync()).Ok();
        Assert.Equal(person.Uid, profile.String("uid"));
        Assert.NotEmpty(profile.Headers["ETag"]);
        var token = (await person.SyncTokenAsync((await phone.AccessTokenAsync(AccountClient.SyncScope))!, await person.KeyIdAsync(await person.KeyAsync()))).Ok();
        Assert.True(token.Headers.ContainsKey("X-Timestamp") && token.Has("hashed_fxa_uid"));
        Assert.Contains((await phone.ClientsAsync()).Ok().Json.EnumerateArray(), static client => client.GetProperty("name").GetString() is "Phone");
    }

    [Fact]
    public async Task Device_IsTheRefreshTokens_AndMovesAndEndsWithIt()
    {
        var person = await server.NewPersonAsync();
        using var phone = new PhoneClient(person, Android);
        await phone.SignInAsync(Usual);
        var id = (await phone.DeviceAsync(new { name = "Renamed" })).String("id");

        await phone.ExchangeAsync("profile https://identity.mozilla.com/apps/vpn");
        var moved = Assert.Single((await phone.GetAsync("/account/devices")).Ok().Json.EnumerateArray());
        Assert.Equal((id, "Renamed", true), (moved.GetProperty("id").GetString(), moved.GetProperty("name").GetString(), moved.GetProperty("isCurrentDevice").GetBoolean()));

        await phone.SignOutAsync();

        Assert.Null(await phone.AccessTokenAsync("profile"));
        Assert.Equal("AuthIssues", phone.State);
        (await phone.GetAsync("/account/devices")).Refused(401, 110);
    }

    [Fact]
    public async Task Phone_ThatIsStartedAgain_IsTheSameDevice_AndSendsAndGetsTabs()
    {
        const string sendTab = "https://identity.mozilla.com/cmd/open-uri";
        var takes = new Dictionary<string, string>(StringComparer.Ordinal) { [sendTab] = "key" };
        var person = await server.NewPersonAsync();
        var desk = (await person.PostAsync("/account/device", new { name = "Desk", type = "desktop", availableCommands = takes })).Ok().String("id");
        using var before = new PhoneClient(person, Android);
        await before.SignInAsync(Usual);
        var id = (await before.DeviceAsync(new { availableCommands = takes })).String("id");

        using var phone = before.StartedAgain();

        Assert.NotNull(await phone.AccessTokenAsync(AccountClient.SyncScope));
        var listed = (await phone.GetAsync("/account/devices?filterIdleDevicesTimestamp=0")).Ok().Json.EnumerateArray();
        Assert.Equal(id, listed.Single(static device => device.GetProperty("isCurrentDevice").GetBoolean()).GetProperty("id").GetString());

        // As iOS turns push off; and a tab each way.
        await phone.DeviceAsync(new { pushCallback = "", pushPublicKey = "", pushAuthKey = "" });
        (await phone.PostAsync("/account/devices/invoke_command", new { command = sendTab, target = desk, payload = new { encrypted = "x" }, ttl = 60 })).Ok();
        (await person.PostAsync("/account/devices/invoke_command", new { target = id, command = sendTab, payload = new { encrypted = "y" } })).Ok();
        Assert.Equal("y", Payload(await phone.GetAsync("/account/device/commands?index=0")));
        Assert.Equal("x", Payload(await person.GetAsync("/account/device/commands?index=0")));

        static string? Payload(AccountAnswer polled) =>
            Assert.Single(polled.Ok().Json.GetProperty("messages").EnumerateArray()).GetProperty("data").GetProperty("payload").GetProperty("encrypted").GetString();
    }

    [Fact]
    public async Task Phone_ThatIsRevokedOnAnotherDevice_NoticesAndSignsInAgain()
    {
        var person = await server.NewPersonAsync();
        using var phone = new PhoneClient(person, Android);
        await phone.SignInAsync(Usual);
        var entry = (await person.GetAsync("/account/attached_clients")).Ok().Json.EnumerateArray().Single(static client => client.GetProperty("name").GetString() is "Phone");
        (await person.PostAsync("/account/attached_client/destroy", new { deviceId = entry.GetProperty("deviceId").GetString() })).Ok();

        Assert.Null(await phone.AccessTokenAsync(AccountClient.SyncScope));
        Assert.Equal("AuthIssues", phone.State);
        await phone.SignInAsync(Usual);

        Assert.Equal("Connected", phone.State);
        Assert.NotNull(await phone.AccessTokenAsync(AccountClient.SyncScope));
    }

    [Theory]
    [InlineData("by itself", Usual, false)]
    [InlineData("by itself", Usual + " " + SessionScope, true)]
    [InlineData("as a client", Usual, true)]
    [InlineData("as a device", Usual + " " + SessionScope, false)]
    [InlineData("by its session", Usual, true)]
    public async Task RemovedPhone_HasNoSessionAnyMore_NorThatOfThePage(string how, string scope, bool exchanges)
    {
        var person = await server.NewPersonAsync();
        using var phone = new PhoneClient(person, Android);
        await phone.SignInAsync(scope);
        if (exchanges)
        {
            await phone.ExchangeAsync(AccountClient.SyncScope);
        }

        var entry = (await person.GetAsync("/account/attached_clients")).Ok().Json.EnumerateArray().Single(static client => client.GetProperty("name").GetString() is "Phone");
        switch (how)
        {
            case "as a client":
                (await person.PostAsync("/account/attached_client/destroy", new { sessionTokenId = entry.GetProperty("sessionTokenId").GetString() })).Ok();
                break;
            case "as a device":
                (await person.PostAsync("/account/device/destroy", new { id = entry.GetProperty("deviceId").GetString() })).Ok();
                break;
            case "by its session":
                (await person.PostAsync("/session/destroy", new { }, phone.SessionToken!)).Ok();
                break;
            default:
                await phone.SignOutAsync();
                break;
        }

        Assert.Null(await phone.AccessTokenAsync(AccountClient.SyncScope));
        (await person.GetAsync("/session/status", phone.SessionToken)).Refused(401, 110);
        (await person.GetAsync("/session/status", phone.PageSession)).Refused(401, 110);
        (await person.GetAsync("/session/status")).Ok();
        Assert.Single((await person.GetAsync("/account/attached_clients")).Ok().Json.EnumerateArray());
    }

    [Fact]
    public async Task RefreshTokenThatIsDestroyed_TakesNoSessionAlong_AndAnApplicationsNoDevice()
    {
        var person = await server.NewPersonAsync();
        using var phone = new PhoneClient(person, Ios);
        await phone.SignInAsync(Usual);

        (await person.Client.PostAsync("/auth/v1/destroy", new { refresh_token = phone.RefreshToken })).Ok();

        (await person.GetAsync("/session/status", phone.SessionToken)).Ok();
    }

    [Fact]
    public async Task Exchange_GivesNoScope_ThatTheTokenHasNot()
    {
        var person = await server.NewPersonAsync();
        var refresh = (await person.TokensAsync(Android, "profile")).String("refresh_token");

        foreach (var scope in new[] { AccountClient.SyncScope, "profile " + AccountClient.SyncScope, SessionScope, "profile:write" })
        {
            (await ExchangeAsync(scope)).Refused(400, 163);
        }

        var exchanged = (await ExchangeAsync("profile https://identity.mozilla.com/apps/vpn")).Ok();
        Assert.Equal("profile", exchanged.String("scope"));

        Task<AccountAnswer> ExchangeAsync(string scope) => person.Client.PostAsync("/auth/v1/oauth/token", new
        {
            grant_type = "urn:ietf:params:oauth:grant-type:token-exchange", subject_token = refresh, subject_token_type = "urn:ietf:params:oauth:token-type:refresh_token", scope,
        });
    }

    [Fact]
    public async Task PasswordChangedElsewhere_SignsThePhoneOut_AndInItsOwnPageItGoesOn()
    {
        var person = await server.NewPersonAsync();
        var key = await person.KeyAsync();
        using var phone = new PhoneClient(person, Ios);
        await phone.SignInAsync(Usual);
        var started = (await person.PostAsync("/password/change/start", new { email = person.Email, oldAuthPW = person.AuthPw })).Ok();
        var (authPw, unwrap) = (AccountClient.RandomHex(32), Convert.FromHexString(AccountClient.RandomHex(32)));
        var changed = (await person.Client.PostAsync(
            "/auth/v1/password/change/finish", new { authPW = authPw, wrapKb = Convert.ToHexStringLower(AccountClient.Xor(key, unwrap)), clientSalt = AccountClient.NewSalt() },
            AccountClient.Bearer(started.String("passwordChangeToken"), "passwordChangeToken"))).Ok();

        Assert.Null(await phone.AccessTokenAsync("profile"));
        Assert.Equal("AuthIssues", phone.State);
        await phone.PasswordChangedAsync(changed.String("sessionToken"), Usual);

        Assert.NotNull(await phone.AccessTokenAsync(AccountClient.SyncScope));
    }

    [Fact]
    public async Task Commands_ForAPhone_AreFetchedUnderItsRefreshToken()
    {
        var person = await server.NewPersonAsync();
        using var phone = new PhoneClient(person, Android);
        await phone.SignInAsync(Usual);
        var target = Assert.Single((await phone.GetAsync("/account/devices")).Ok().Json.EnumerateArray()).GetProperty("id").GetString();
        await person.PostAsync("/account/device", new { name = "Desktop", type = "desktop" });
        (await person.PostAsync("/account/devices/invoke_command", new { target, command = "send", payload = new { a = 1 }, ttl = 60 })).Ok();

        var commands = (await phone.GetAsync("/account/device/commands?index=1&limit=1")).Ok();

        Assert.Single(commands.Json.GetProperty("messages").EnumerateArray());
    }
}
