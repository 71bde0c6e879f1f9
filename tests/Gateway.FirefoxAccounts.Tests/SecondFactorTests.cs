using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.FirefoxAccounts.Accounts;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OtpNet;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Before the second factor is shown a session opens nothing; and its codes count once.</summary>
[Collection(SharedServer.Name)]
public sealed class SecondFactorTests(AccountsServer server)
{
    [Fact]
    public async Task Session_BeforeTheSecondFactor_GetsNoBundleCodeOrToken()
    {
        var person = await server.NewPersonAsync();
        var (secret, _) = await SetUpAsync(person);

        var signedIn = (await person.LoginAsync(keys: true)).Ok();

        Assert.False(signedIn.Json.GetProperty("verified").GetBoolean());
        Assert.Equal("totp-2fa", signedIn.String("verificationMethod"));
        var session = signedIn.String("sessionToken");
        (await person.Client.GetAsync("/auth/v1/account/keys", AccountClient.Bearer(signedIn.String("keyFetchToken"), "keyFetchToken"))).Refused(400, 138);
        (await person.AuthorizeAsync(session: session)).Answer.Refused(400, 138);
        (await person.PostAsync("/oauth/token", new { grant_type = "fxa-credentials", client_id = AccountClient.Desktop, scope = "profile" }, session)).Refused(400, 138);
        (await person.PostAsync("/account/scoped-key-data", new { client_id = AccountClient.Desktop, scope = AccountClient.SyncScope }, session)).Refused(400, 138);
        (await person.PostAsync("/account/device", new { name = "x" }, session)).Refused(400, 138);
        (await person.PostAsync("/account/destroy", new { email = person.Email, authPW = person.AuthPw }, session)).Refused(400, 138);
        (await person.PostAsync("/totp/destroy", new { authPW = person.AuthPw }, session)).Refused(400, 138);

        (await person.PostAsync("/session/verify/totp", new { code = Code(secret, 1) }, session)).Ok();

        Assert.Equal("verified", (await person.GetAsync("/session/status", session)).Ok().String("state"));
        await person.KeyAsync(signedIn);
    }

    [Fact]
    public async Task Code_IsTakenOnce_AndWrongOnesAreCountedForTheAccount()
    {
        var person = await server.NewPersonAsync();
        var (secret, _) = await SetUpAsync(person);
        var first = (await person.LoginAsync()).Ok().String("sessionToken");
        (await person.PostAsync("/session/verify/totp", new { code = Code(secret, 1) }, first)).Ok();
        var second = (await person.LoginAsync()).Ok().String("sessionToken");

        (await person.PostAsync("/session/verify/totp", new { code = Code(secret, 1) }, second)).Refused(400, 183);
        AccountAnswer answer;
        var tries = 1;
        do
        {
            answer = await person.PostAsync("/session/verify/totp", new { code = "000000" }, second);
            tries++;
        }
        while (answer.Status == 400 && tries < 50);

        answer.Refused(429, 114);
        Assert.Equal(11, tries);
        Assert.True(int.Parse(answer.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) > 0);
    }

    [Fact]
    public async Task RecoveryCode_StandsIn_Once()
    {
        var person = await server.NewPersonAsync();
        var (_, codes) = await SetUpAsync(person);
        var session = (await person.LoginAsync()).Ok().String("sessionToken");

        Assert.Equal(7, (await person.PostAsync("/session/verify/recoveryCode", new { code = codes[0] }, session)).Ok().Json.GetProperty("remaining").GetInt32());

        var other = (await person.LoginAsync()).Ok().String("sessionToken");
        (await person.PostAsync("/session/verify/recoveryCode", new { code = codes[0] }, other)).Refused(400, 156);
        (await person.PostAsync("/session/verify/recoveryCode", new { code = codes[1] }, other)).Ok();
        Assert.Equal(6, (await person.GetAsync("/recoveryCodes/exists")).Ok().Json.GetProperty("count").GetInt32());
        var renewed = (await person.PostAsync("/recoveryCodes", new { authPW = person.AuthPw })).Ok().Json.GetProperty("recoveryCodes").EnumerateArray().ToList();
        Assert.Equal(8, renewed.Count);
        (await person.PostAsync("/session/verify/recoveryCode", new { code = codes[2] }, (await person.LoginAsync()).Ok().String("sessionToken"))).Refused(400, 156);
    }

    [Fact]
    public async Task Reset_NeedsTheSecondFactorToo_UnlessTheOperatorSaysOtherwise()
    {
        var person = await server.NewPersonAsync();
        var (_, codes) = await SetUpAsync(person);
        var store = server.Services.GetRequiredService<IKeyedAccountStore>();
        var body = new { authPW = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt() };
        var reset = await UseAsync(skips: false);
        Assert.True(reset.Json.GetProperty("secondFactor").GetBoolean());
        var token = AccountClient.Bearer(reset.String("accountResetToken"), "accountResetToken");
        (await person.Client.PostAsync("/auth/v1/account/reset", body, token)).Refused(400, 160);
        (await person.Client.PostAsync("/auth/v1/account/reset", new { body.authPW, body.clientSalt, recoveryCode = "aaaaaaaaaa" }, token)).Refused(400, 156);
        (await person.Client.PostAsync("/auth/v1/account/reset", new { body.authPW, body.clientSalt, recoveryCode = codes[0] }, token)).Ok();

        reset = await UseAsync(skips: true);
        Assert.False(reset.Json.GetProperty("secondFactor").GetBoolean());
        (await person.Client.PostAsync("/auth/v1/account/reset", body, AccountClient.Bearer(reset.String("accountResetToken"), "accountResetToken"))).Ok();

        async Task<AccountAnswer> UseAsync(bool skips)
        {
            var link = await ResetLink.MakeAsync(store, (await store.FindByUidAsync(person.Uid, CancellationToken.None))!, skips, server.Time, CancellationToken.None);
            return (await person.Client.PostAsync("/auth/v1/password/forgot/use_link", new { token = link!.Split('=')[1] })).Ok();
        }
    }

    [Fact]
    public async Task RecoveryKey_OpensWhatItSeals_OnlyBehindTheSecondFactor_WhichIsNotAskedForAgain()
    {
        var person = await server.NewPersonAsync();
        var key = await person.KeyAsync();
        var id = AccountClient.RandomHex(16);
        (await person.PostAsync("/recoveryKey", new { recoveryKeyId = id, recoveryData = "sealed", authPW = person.AuthPw })).Ok();
        var (_, codes) = await SetUpAsync(person);
        Assert.DoesNotContain("sealed", (await UseAsync(new { email = person.Email, recoveryKeyId = id })).Refused(400, 160).Text, StringComparison.Ordinal);
        (await UseAsync(new { email = person.Email, recoveryKeyId = id, totpCode = "000000" })).Refused(400, 183);
        (await UseAsync(new { email = person.Email, recoveryKeyId = id, recoveryCode = "aaaaaaaaaa" })).Refused(400, 156);
        (await UseAsync(new { email = person.Email, recoveryKeyId = AccountClient.RandomHex(16), recoveryCode = codes[0] })).Refused(400, 159);

        var reset = (await UseAsync(new { email = person.Email, recoveryKeyId = id, recoveryCode = codes[0] })).Ok();

        Assert.Equal(("sealed", false), (reset.String("recoveryData"), reset.Json.GetProperty("secondFactor").GetBoolean()));
        var body = new { authPW = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt(), wrapKb = Convert.ToHexStringLower(AccountClient.Xor(key, person.UnwrapKey)) };
        (await person.Client.PostAsync("/auth/v1/account/reset", body, AccountClient.Bearer(reset.String("accountResetToken"), "accountResetToken"))).Ok();

        // It stays in force.
        Assert.False((await person.LoginAsync(authPw: body.authPW)).Ok().Json.GetProperty("verified").GetBoolean());

        Task<AccountAnswer> UseAsync(object request) => person.Client.PostAsync("/auth/v1/recoveryKey/use", request);
    }

    [Fact]
    public async Task Guesses_AreCountedForADay_AndARightOneForgivesNone()
    {
        var own = await AccountsServer.StartAsync(static options => options with { MaxGuessesPerDay = 3 });
        var person = await own.NewPersonAsync();
        var secret = Base32Encoding.ToBytes((await person.PostAsync("/totp/create", new { authPW = person.AuthPw })).Ok().String("secret"));
        var codes = (await person.PostAsync("/totp/setup/complete", new { code = new Totp(secret).ComputeTotp(own.Time.GetUtcNow().UtcDateTime) })).Ok().Json.GetProperty("recoveryCodes");
        var session = (await person.LoginAsync()).Ok().String("sessionToken");
        (await person.PostAsync("/session/verify/totp", new { code = "000000" }, session)).Refused(400, 183);
        (await person.PostAsync("/session/verify/recoveryCode", new { code = "aaaaaaaaaa" }, session)).Refused(400, 156);
        (await person.PostAsync("/session/verify/recoveryCode", new { code = codes[0].GetString() }, session)).Ok();
        (await person.PostAsync("/session/verify/totp", new { code = "000000" }, session)).Refused(400, 183);

        var answer = (await person.PostAsync("/session/verify/recoveryCode", new { code = codes[1].GetString() }, session)).Refused(429, 114);

        // Not over with the window of passwords.
        Assert.True(answer.Json.GetProperty("retryAfter").GetInt32() > 80_000);
        await own.DisposeAsync();
    }

    /// <summary>Whoever has the password alone signs nobody out.</summary>
    [Fact]
    public async Task Sessions_ThatHaveNotShownTheSecondFactor_GoBeforeThoseThatHave_TheOldestFirst()
    {
        const string android = "a2270f727f45f648";
        var time = new FakeTime(DateTimeOffset.UnixEpoch.AddYears(57)) { TimersAreReal = true };
        var own = await AccountsServer.StartAsync(static options => options with { MaxSessions = 6 }, time);
        var person = await own.NewPersonAsync();
        var shown = new List<string> { person.Session, await person.NewSessionAsync() };
        var secret = Base32Encoding.ToBytes((await person.PostAsync("/totp/create", new { authPW = person.AuthPw })).Ok().String("secret"));
        (await person.PostAsync("/totp/setup/complete", new { code = new Totp(secret).ComputeTotp(time.GetUtcNow().UtcDateTime) })).Ok();
        time.Advance(TimeSpan.FromSeconds(30));
        shown.Add(await person.NewSessionAsync());
        (await person.PostAsync("/session/verify/totp", new { code = new Totp(secret).ComputeTotp(time.GetUtcNow().UtcDateTime) }, shown[^1])).Ok();
        var (code, verifier) = await person.AuthorizeAsync(android, $"profile {AccountClient.SyncScope} https://identity.mozilla.com/tokens/session");
        shown.Add((await person.Client.PostAsync(
            "/auth/v1/oauth/token", new { grant_type = "authorization_code", client_id = android, code = code.Ok().String("code"), code_verifier = verifier })).Ok().String("session_token"));

        var others = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            others.Add(await person.NewSessionAsync());
        }

        // Nor does it help to use one.
        time.Advance(TimeSpan.FromHours(2));
        (await person.GetAsync("/session/status", others[^2])).Ok();
        others.Add(await person.NewSessionAsync());

        foreach (var session in shown)
        {
            Assert.Equal("verified", (await person.GetAsync("/session/status", session)).Ok().String("state"));
        }

        foreach (var session in others.SkipLast(2))
        {
            (await person.GetAsync("/session/status", session)).Refused(401, 110);
        }

        (await person.GetAsync("/session/status", others[^2])).Ok();
        (await person.GetAsync("/session/status", others[^1])).Ok();
        await own.DisposeAsync();
    }

    [Fact]
    public async Task SetUp_CountsOnlyOnceACodeWasShown_AndAsksForThePassword()
    {
        var person = await server.NewPersonAsync();
        (await person.PostAsync("/totp/create", new { authPW = AccountClient.RandomHex(32) })).Refused(400, 103);
        (await person.PostAsync("/totp/setup/complete", new { code = "123456" })).Refused(400, 155);
        (await person.PostAsync("/totp/create", new { authPW = person.AuthPw })).Ok();
        Assert.True((await person.LoginAsync()).Ok().Json.GetProperty("verified").GetBoolean());
        var (_, _) = await SetUpAsync(person);
        (await person.PostAsync("/totp/create", new { authPW = person.AuthPw })).Refused(400, 154);

        (await person.PostAsync("/totp/destroy", new { authPW = person.AuthPw })).Ok();

        Assert.True((await person.LoginAsync()).Ok().Json.GetProperty("verified").GetBoolean());
        Assert.False((await person.GetAsync("/totp/exists")).Ok().Json.GetProperty("exists").GetBoolean());
    }

    private async Task<(byte[] Secret, List<string> Codes)> SetUpAsync(Person person)
    {
        var made = (await person.PostAsync("/totp/create", new { authPW = person.AuthPw })).Ok();
        var secret = Base32Encoding.ToBytes(made.String("secret"));
        Assert.Contains("secret=" + made.String("secret"), made.String("uri"), StringComparison.Ordinal);
        var done = (await person.PostAsync("/totp/setup/complete", new { code = Code(secret, 0) })).Ok();
        return (secret, [.. done.Json.GetProperty("recoveryCodes").EnumerateArray().Select(static code => code.GetString()!)]);
    }

    /// <summary>Of the step now, or of a later one.</summary>
    private string Code(byte[] secret, int later) => new Totp(secret).ComputeTotp(server.Time.GetUtcNow().UtcDateTime.AddSeconds(30 * later));
}
