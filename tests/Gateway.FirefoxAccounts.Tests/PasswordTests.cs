using System.Globalization;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.FirefoxAccounts.Accounts;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Changing, resetting and recovering, and what ends with that.</summary>
[Collection(SharedServer.Name)]
public sealed class PasswordTests(AccountsServer server)
{
    [Fact]
    public async Task Change_KeepsTheKey_AndEndsAllSessionsButANewOne()
    {
        var person = await server.NewPersonAsync();
        var key = await person.KeyAsync();
        var keyId = await person.KeyIdAsync(key);
        var other = await person.NewSessionAsync();
        var refresh = (await person.TokensAsync()).String("refresh_token");
        var (before, old) = (await person.AccessTokenAsync(AccountClient.SyncScope), person.Session);
        var uid = (await person.SyncTokenAsync(before, keyId)).Ok().Json.GetProperty("uid").GetInt64();

        var answer = await ChangeAsync(person, key);

        foreach (var session in new[] { old, other })
        {
            (await person.GetAsync("/session/status", session)).Refused(401, 110);
        }

        Assert.Contains("false", (await person.Client.PostAsync("/auth/v1/introspect", new { token = refresh })).Ok().Text, StringComparison.Ordinal);
        Assert.Equal(401, (await person.SyncTokenAsync(before, keyId)).Status);
        person.Session = answer.String("sessionToken");
        Assert.Equal(key, await person.KeyAsync());
        Assert.Equal(keyId, await person.KeyIdAsync(key));
        Assert.Equal(uid, (await person.SyncTokenAsync(await person.AccessTokenAsync(AccountClient.SyncScope), keyId)).Ok().Json.GetProperty("uid").GetInt64());
    }

    [Fact]
    public async Task Change_IsBegunWithTheOldPassword_AndEndedOnce()
    {
        var person = await server.NewPersonAsync();
        (await person.PostAsync("/password/change/start", new { email = person.Email, oldAuthPW = AccountClient.RandomHex(32) })).Refused(400, 103);
        var token = (await person.PostAsync("/password/change/start", new { email = person.Email, oldAuthPW = person.AuthPw })).Ok().String("passwordChangeToken");
        var body = new { authPW = AccountClient.RandomHex(32), wrapKb = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt() };
        (await person.Client.PostAsync("/auth/v1/password/change/finish", body, AccountClient.Bearer(token, "passwordChangeToken"))).Ok();

        (await person.Client.PostAsync("/auth/v1/password/change/finish", body, AccountClient.Bearer(token, "passwordChangeToken"))).Refused(401, 110);
    }

    [Fact]
    public async Task ResetByLink_GivesANewKeyAndAnEmptyStore_Once()
    {
        var person = await server.NewPersonAsync();
        var key = await person.KeyAsync();
        var uid = (await person.SyncTokenAsync(await person.AccessTokenAsync(AccountClient.SyncScope), await person.KeyIdAsync(key))).Ok().Json.GetProperty("uid").GetInt64();
        var old = await person.AccessTokenAsync(AccountClient.SyncScope);
        var (reset, code) = await LinkAsync(person);
        Assert.False(reset.Json.GetProperty("keepsData").GetBoolean());

        var answer = (await ResetAsync(person, reset)).Ok();

        (await person.Client.PostAsync("/auth/v1/password/forgot/use_link", new { token = code })).Refused(400, 105);
        (await person.GetAsync("/session/status")).Refused(401, 110);
        person.Session = answer.String("sessionToken");
        var next = await person.KeyAsync();
        Assert.NotEqual(key, next);
        Assert.Equal(401, (await person.SyncTokenAsync(old, await person.KeyIdAsync(key))).Status);
        var token = (await person.SyncTokenAsync(await person.AccessTokenAsync(AccountClient.SyncScope), await person.KeyIdAsync(next))).Ok();
        Assert.NotEqual(uid, token.Json.GetProperty("uid").GetInt64());
    }

    [Fact]
    public async Task Resets_WithTheClockSetBackInBetween_HaveEachALaterKey_AndAStoreOfItsOwn()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        var own = await AccountsServer.StartAsync(time: time);
        var person = await own.NewPersonAsync();
        var (changed, stores) = (new List<long>(), new List<long>());
        while (true)
        {
            var keyId = await person.KeyIdAsync(await person.KeyAsync());
            changed.Add(long.Parse(keyId.Split('-')[0], CultureInfo.InvariantCulture));
            stores.Add((await person.SyncTokenAsync(await person.AccessTokenAsync(AccountClient.SyncScope), keyId)).Ok().Json.GetProperty("uid").GetInt64());
            if (stores.Count == 3)
            {
                break;
            }

            time.JumpWallClock(TimeSpan.FromDays(-1));
            person.Session = (await ResetAsync(person, (await LinkAsync(own, person)).Reset)).Ok().String("sessionToken");
        }

        Assert.Equal(changed.Order(), changed);
        Assert.Equal((3, 3), (changed.Distinct().Count(), stores.Distinct().Count()));
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Credentials_OfAFewMinutes_EndWithThem()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        var own = await AccountsServer.StartAsync(time: time);
        var person = await own.NewPersonAsync();
        var (codes, fetches) = (new List<(AccountAnswer Answer, string Verifier)>(), new List<AccountAnswer>());
        for (var i = 0; i < 2; i++)
        {
            codes.Add(await person.AuthorizeAsync());
            fetches.Add((await person.LoginAsync(keys: true)).Ok());
        }

        var started = (await person.PostAsync("/password/change/start", new { email = person.Email, oldAuthPW = person.AuthPw })).Ok();
        var change = AccountClient.Bearer(started.String("passwordChangeToken"), "passwordChangeToken");
        var reset = AccountClient.Bearer((await LinkAsync(own, person)).Reset.String("accountResetToken"), "accountResetToken");
        var second = TimeSpan.FromSeconds(1);

        time.JumpWallClock(TimeSpan.FromMinutes(5) - second);
        await person.KeyAsync(fetches[0]);
        time.JumpWallClock(2 * second);
        (await person.Client.GetAsync("/auth/v1/account/keys", AccountClient.Bearer(fetches[1].String("keyFetchToken"), "keyFetchToken"))).Refused(401, 110);

        time.JumpWallClock(TimeSpan.FromMinutes(5) - (2 * second));
        (await RedeemAsync(codes[0])).Ok();
        time.JumpWallClock(2 * second);
        (await RedeemAsync(codes[1])).Refused(400, 172);

        // With nothing said that could change anything.
        time.JumpWallClock(TimeSpan.FromMinutes(5) - (2 * second));
        (await person.Client.PostAsync("/auth/v1/password/change/finish", new { }, change)).Refused(400, 108);
        (await person.Client.PostAsync("/auth/v1/account/reset", new { }, reset)).Refused(400, 108);
        time.JumpWallClock(2 * second);
        (await person.Client.PostAsync("/auth/v1/password/change/finish", new { }, change)).Refused(401, 110);
        (await person.Client.PostAsync("/auth/v1/account/reset", new { }, reset)).Refused(401, 110);
        await own.DisposeAsync();

        Task<AccountAnswer> RedeemAsync((AccountAnswer Answer, string Verifier) code) => person.Client.PostAsync(
            "/auth/v1/oauth/token", new { client_id = AccountClient.Desktop, code = code.Answer.Ok().String("code"), code_verifier = code.Verifier });
    }

    [Fact]
    public async Task ResetByLink_IsNoGuess_WhateverElseWasGuessed()
    {
        var person = await server.NewPersonAsync();
        AccountAnswer answer;
        var tries = 0;
        do
        {
            answer = await person.Client.PostAsync("/auth/v1/password/forgot/verify_otp", new { email = person.Email, code = "0000000" });
        }
        while (answer.Status == 400 && ++tries < 50);

        answer.Refused(429, 114);

        (await ResetAsync(person, (await LinkAsync(person)).Reset)).Ok();
    }

    [Fact]
    public async Task Links_ThatAreGuessed_LockNobodysSignIn()
    {
        var own = await AccountsServer.StartAsync(static options => options with { Accounts = options.Accounts with { MaxFailures = 2, MaxFailuresPerAddress = 3 } });
        var person = await own.NewPersonAsync();
        for (var tries = 0; tries < 10; tries++)
        {
            (await person.Client.PostAsync("/auth/v1/password/forgot/use_link", new { token = AccountClient.RandomHex(32) })).Refused(400, 105);
        }

        (await person.Client.PostAsync("/auth/v1/password/forgot/use_link", new { })).Refused(400, 108);

        // Nor does another secret of the account pass for a link.
        var session = AccountClient.Derive(Convert.FromHexString(person.Session), "sessionToken", 96);
        (await person.Client.PostAsync("/auth/v1/password/forgot/use_link", new { token = Convert.ToHexStringLower(session[..32]) })).Refused(400, 105);
        (await person.LoginAsync()).Ok();
        (await person.GetAsync("/session/status")).Ok();
        await own.DisposeAsync();
    }

    [Fact]
    public async Task ResetByLink_TakesNoWrappedKey()
    {
        var person = await server.NewPersonAsync();
        var (reset, _) = await LinkAsync(person);

        (await ResetAsync(person, reset, wrapped: AccountClient.RandomHex(32))).Refused(400, 107);
        (await ResetAsync(person, reset)).Ok();
    }

    [Fact]
    public async Task RecoveryKey_KeepsTheDataWithANewPassword_AndEndsWithThat()
    {
        var person = await server.NewPersonAsync();
        var key = await person.KeyAsync();
        var id = AccountClient.RandomHex(16);
        (await person.PostAsync("/recoveryKey", new { recoveryKeyId = id, recoveryData = "for the page alone", authPW = AccountClient.RandomHex(32) })).Refused(400, 103);
        (await person.PostAsync("/recoveryKey", new { recoveryKeyId = id, recoveryData = "for the page alone", authPW = person.AuthPw })).Ok();
        Assert.True((await person.PostAsync("/recoveryKey/exists", new { })).Ok().Json.GetProperty("exists").GetBoolean());
        (await person.Client.PostAsync("/auth/v1/recoveryKey/use", new { email = person.Email, recoveryKeyId = AccountClient.RandomHex(16) })).Refused(400, 159);
        (await person.Client.PostAsync("/auth/v1/recoveryKey/use", new { email = $"no.{person.Email}", recoveryKeyId = id })).Refused(400, 159);

        var reset = (await person.Client.PostAsync("/auth/v1/recoveryKey/use", new { email = person.Email, recoveryKeyId = id })).Ok();
        Assert.Equal("for the page alone", reset.String("recoveryData"));
        (await ResetAsync(person, reset)).Refused(400, 108);
        var unwrap = Convert.FromHexString(AccountClient.RandomHex(32));
        var answer = (await ResetAsync(person, reset, wrapped: Convert.ToHexStringLower(AccountClient.Xor(key, unwrap)), unwrap)).Ok();

        person.Session = answer.String("sessionToken");
        Assert.Equal(key, await person.KeyAsync());
        (await person.Client.PostAsync("/auth/v1/recoveryKey/use", new { email = person.Email, recoveryKeyId = id })).Refused(400, 159);
        (await DeleteAsync(person.AuthPw)).Refused(400, 158);
        (await person.PostAsync("/recoveryKey", new { recoveryKeyId = id, recoveryData = "x", authPW = person.AuthPw })).Ok();
        (await DeleteAsync(null)).Refused(400, 108);
        (await DeleteAsync(AccountClient.RandomHex(32))).Refused(400, 103);
        Assert.True((await person.PostAsync("/recoveryKey/exists", new { })).Ok().Json.GetProperty("exists").GetBoolean());
        (await DeleteAsync(person.AuthPw)).Ok();
        Assert.False((await person.PostAsync("/recoveryKey/exists", new { })).Ok().Json.GetProperty("exists").GetBoolean());

        Task<AccountAnswer> DeleteAsync(string? authPw) => person.Client.SendAsync(
            "DELETE", "/auth/v1/recoveryKey", authPw is null ? "{}" : $$"""{"authPW":"{{authPw}}"}""", AccountClient.Bearer(person.Session, "sessionToken"));
    }

    [Fact]
    public async Task Deletion_TakesTheAccountWithAllData_AndLeavesTheAddressFree()
    {
        var person = await server.NewPersonAsync();
        var key = await person.KeyAsync();
        var (storage, keyId) = (await person.StorageAsync(key), await person.KeyIdAsync(key));
        (await storage.PutAsync("/storage/bookmarks/a", """{"payload":"p"}""")).Ok();
        var access = await person.AccessTokenAsync(AccountClient.SyncScope);
        (await person.PostAsync("/account/destroy", new { email = person.Email, authPW = AccountClient.RandomHex(32) })).Refused(400, 103);

        (await person.PostAsync("/account/destroy", new { email = person.Email, authPW = person.AuthPw })).Ok();

        (await person.GetAsync("/session/status")).Refused(401, 110);
        Assert.Equal("""{"exists":false}""", (await person.Client.GetAsync($"/auth/v1/account/status?uid={person.Uid}")).Ok().Text);
        (await person.LoginAsync()).Refused(400, 103);
        (await person.Client.PostAsync("/auth/v1/verify", new { token = access })).Refused(401, 110);
        Assert.Equal(401, (await person.SynctoAsync(access, keyId)).Status);

        // A device whose token for the storage is good for an hour finds nothing there, and writes nothing.
        Assert.Equal("{}", (await storage.GetAsync("/info/collections")).Ok().Text);
        Assert.Equal(404, (await storage.GetAsync("/storage/bookmarks/a")).Status);
        Assert.Equal(401, (await storage.PutAsync("/storage/bookmarks/a", """{"payload":"late"}""")).Status);
        var again = new Person(server, person.Email);
        await again.SignUpAsync();
        Assert.NotEqual(person.Uid, again.Uid);
    }

    [Fact]
    public async Task RacingChangesResetsSignInsAndDeletions_LeaveOneConsistentAccount()
    {
        for (var round = 0; round < 5; round++)
        {
            var person = await server.NewPersonAsync();
            var key = await person.KeyAsync();
            var begun = new List<string>();
            for (var i = 0; i < 4; i++)
            {
                begun.Add((await person.PostAsync("/password/change/start", new { email = person.Email, oldAuthPW = person.AuthPw })).Ok().String("passwordChangeToken"));
            }

            // Each with a password of its own, while others sign in with the old one.
            var passwords = begun.Select(_ => (AuthPw: AccountClient.RandomHex(32), Unwrap: Convert.FromHexString(AccountClient.RandomHex(32)))).ToList();
            var reset = (AuthPw: AccountClient.RandomHex(32), Token: (await LinkAsync(person)).Reset.String("accountResetToken"));
            var changes = begun.Zip(passwords, (token, password) => person.Client.PostAsync(
                "/auth/v1/password/change/finish",
                new { authPW = password.AuthPw, wrapKb = Convert.ToHexStringLower(AccountClient.Xor(key, password.Unwrap)), clientSalt = AccountClient.NewSalt() },
                AccountClient.Bearer(token, "passwordChangeToken"))).ToList();
            changes.Insert(round % 5, person.Client.PostAsync(
                "/auth/v1/account/reset", new { authPW = reset.AuthPw, clientSalt = AccountClient.NewSalt() }, AccountClient.Bearer(reset.Token, "accountResetToken")));
            passwords.Insert(round % 5, (reset.AuthPw, person.UnwrapKey));
            var signIns = Enumerable.Range(0, 8).Select(_ => person.LoginAsync()).ToList();
            var (changed, signedIn) = (await Task.WhenAll(changes), await Task.WhenAll(signIns));

            var winner = Assert.Single(Enumerable.Range(0, changed.Length), i => changed[i].Status == 200);
            Assert.All(changed.Where((_, i) => i != winner), static change => change.Refused(401, 110));
            foreach (var signIn in signedIn.Where(static answer => answer.Status == 200))
            {
                (await person.GetAsync("/session/status", signIn.String("sessionToken"))).Refused(401, 110);
            }

            person.SetPassword(passwords[winner].AuthPw, passwords[winner].Unwrap);
            person.Session = changed[winner].String("sessionToken");
            var now = await person.KeyAsync();
            Assert.Equal(winner != round % 5, key.SequenceEqual(now));

            // Signing in while it is deleted: no session is left over.
            var deletion = person.PostAsync("/account/destroy", new { email = person.Email, authPW = person.AuthPw });
            var late = Enumerable.Range(0, 4).Select(_ => person.LoginAsync()).ToList();
            var lateOnes = await Task.WhenAll(late);
            Assert.Equal(200, (await deletion).Status);
            foreach (var signIn in lateOnes.Where(static answer => answer.Status == 200))
            {
                (await person.GetAsync("/session/status", signIn.String("sessionToken"))).Refused(401, 110);
            }

            (await person.LoginAsync()).Refused(400, 103);
        }
    }

    private static async Task<AccountAnswer> ChangeAsync(Person person, byte[] key)
    {
        var started = (await person.PostAsync("/password/change/start", new { email = person.Email, oldAuthPW = person.AuthPw })).Ok();
        Assert.Equal(key, await person.KeyAsync(started));
        var (authPw, unwrap) = (AccountClient.RandomHex(32), Convert.FromHexString(AccountClient.RandomHex(32)));
        var answer = (await person.Client.PostAsync(
            "/auth/v1/password/change/finish?keys=true",
            new { authPW = authPw, wrapKb = Convert.ToHexStringLower(AccountClient.Xor(key, unwrap)), clientSalt = AccountClient.NewSalt() },
            AccountClient.Bearer(started.String("passwordChangeToken"), "passwordChangeToken"))).Ok();
        person.SetPassword(authPw, unwrap);
        return answer;
    }

    private Task<(AccountAnswer Reset, string Code)> LinkAsync(Person person) => LinkAsync(server, person);

    private static async Task<(AccountAnswer Reset, string Code)> LinkAsync(AccountsServer server, Person person)
    {
        var store = server.Services.GetRequiredService<IKeyedAccountStore>();
        var account = (await store.FindByUidAsync(person.Uid, CancellationToken.None))!;
        var link = (await ResetLink.MakeAsync(store, account, skipsSecondFactor: false, server.Time, CancellationToken.None))!;
        var code = link[(link.IndexOf('=', StringComparison.Ordinal) + 1)..];
        return ((await person.Client.PostAsync("/auth/v1/password/forgot/use_link", new { token = code })).Ok(), code);
    }

    private static async Task<AccountAnswer> ResetAsync(Person person, AccountAnswer reset, string? wrapped = null, byte[]? unwrap = null)
    {
        var authPw = AccountClient.RandomHex(32);
        var body = new Dictionary<string, string>(StringComparer.Ordinal) { ["authPW"] = authPw, ["clientSalt"] = AccountClient.NewSalt() };
        if (wrapped is not null)
        {
            body["wrapKb"] = wrapped;
        }

        var answer = await person.Client.PostAsync("/auth/v1/account/reset", body, AccountClient.Bearer(reset.String("accountResetToken"), "accountResetToken"));
        if (answer.Status == 200)
        {
            person.SetPassword(authPw, unwrap ?? person.UnwrapKey);
        }

        return answer;
    }
}
