using System.Text;
using System.Text.Json;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Logins;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>The user API: who there is, making and deleting users, where their storage lies, their address.</summary>
[Collection(SharedServer.Name)]
public sealed class UserTests(WeaveServer server)
{
    [Fact]
    public async Task Exists_IsOneOrZero_AndNothingElse()
    {
        using var device = await server.NewUserAsync();
        using var nobody = server.Anonymous();

        (await device.UserAsync("GET", "", body: null, ("Authorization", ""))).AssertText("1");
        (await device.UserAsync("GET", "/")).AssertText("1");
        foreach (var path in new[] { "/user/1.0/a", "/user/1/a", "/user/1.0/a/", $"/user/1.0/{WeaveClient.NameOf("nobody@example.org")}" })
        {
            (await nobody.SendAsync("GET", path)).AssertText("0");
        }

        foreach (var path in new[] { "/user/1.0/a%20b", "/user/1.0/a@b", "/user/1.0/_a", "/user/1.0/%C3%A4", "/user/1.0", "/user/1.0/", "/user/1.0/a/b" })
        {
            (await nobody.SendAsync("GET", path)).AssertStatus(404);
        }

        (await nobody.SendAsync("POST", "/user/1.0/a", [])).AssertStatus(405);
    }

    [Fact]
    public async Task Create_MakesAUser_WhoCanStore_AndTheAnswerIsTheName()
    {
        using var device = server.Somebody();

        (await device.SignUpAsync()).AssertText(device.Name);

        (await device.GetAsync("/info/collections")).AssertOk();
        (await device.SignUpAsync()).AssertError(4);
    }

    [Fact]
    public async Task Create_WithWhatCannotBe_IsItsNumber_InTheOrderOfTheServersBefore()
    {
        using var device = server.Somebody();
        const string good = "\"password\":\"a good password\"";

        async Task<WeaveAnswer> TryAsync(string body) => await device.UserAsync("PUT", "", body, ("Authorization", ""));

        (await TryAsync("no json")).AssertError(6);
        (await TryAsync("[]")).AssertError(6);
        (await TryAsync($"{{{good}}}")).AssertError(12);
        (await TryAsync($"{{\"email\":7,{good}}}")).AssertError(12);
        foreach (var email in new[] { "", "x", "x@", "@x", "a@b@c", "a b@c", "a@b\\n" })
        {
            (await TryAsync($"{{\"email\":\"{email}\",{good}}}")).AssertError(12);
        }

        (await TryAsync($"{{\"email\":\"other@example.org\",{good}}}")).AssertError(15);
        (await TryAsync($"{{\"email\":\"{device.Email}\"}}")).AssertError(7);
        (await TryAsync($"{{\"email\":\"{device.Email}\",\"password\":\"\"}}")).AssertError(7);
        (await TryAsync($"{{\"email\":\"{device.Email}\",\"password\":\"1234567\"}}")).AssertError(9);
        (await TryAsync($"{{\"email\":\"{device.Email}\",\"password\":\" {device.Name.ToUpperInvariant()} \"}}")).AssertError(9);
        (await TryAsync($"{{\"email\":\"{device.Email}\",\"password\":\"{new string('x', 1025)}\"}}")).AssertError(9);
        (await device.UserAsync("GET", "")).AssertText("0");
        (await TryAsync($"{{\"email\":\"{device.Email.ToUpperInvariant()}\",\"password\":\"äöüß\"}}")).AssertText(device.Name);
    }

    [Fact]
    public async Task Create_OfANameThatAnAccountHas_Is4()
    {
        var own = await WeaveServer.StartAsync(options => options with { StrictUsernames = false });
        await own.Services.GetRequiredService<AccountDirectory>().AddAsync("alice", "kinto's password", default);
        await own.Services.GetRequiredService<AccountDirectory>().AddAsync("bob@example.org", "kinto's password", default);
        using var alice = new WeaveClient(own.Address, "alice", "a good password") { Email = "alice@example.org" };
        using var bob = new WeaveClient(own.Address, WeaveClient.NameOf("bob@example.org"), "a good password") { Email = "Bob@example.org" };

        (await alice.UserAsync("GET", "")).AssertText("1");
        (await alice.SignUpAsync()).AssertError(4);
        (await bob.SignUpAsync()).AssertError(4);
        (await bob.GetAsync("/info/collections")).AssertStatus(401);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Create_ByManyAtOnce_MakesOne()
    {
        using var device = server.Somebody();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => device.SignUpAsync()));

        Assert.Single(answers, answer => answer.Status == 200);
        Assert.All(answers.Where(answer => answer.Status != 200), answer => answer.AssertError(4));
    }

    [Fact]
    public async Task Create_AnAddressInLatin1_AndAPasswordInUtf8_AreReadAsTheyAreMeant()
    {
        var email = $"müller{Guid.NewGuid():N}@example.org";
        using var device = new WeaveClient(server.Address, WeaveClient.NameOf(email), "größer als acht") { Email = email };
        byte[] body = [.. Encoding.UTF8.GetBytes("{\"password\":\"größer als acht\",\"email\":\""), .. Encoding.Latin1.GetBytes(email), .. "\"}"u8];

        (await device.SendAsync("PUT", $"/user/1.0/{device.Name}", body, ("Authorization", ""))).AssertText(device.Name);

        (await device.GetAsync("/info/collections")).AssertOk();
        (await device.UserAsync("POST", "/email", email)).AssertText(email);
    }

    [Fact]
    public async Task Registration_ThatIsClosed_Is503_AndTellsNobodyWhoIsThere()
    {
        var own = await WeaveServer.StartAsync(options => options with { Registration = Sync11Registration.Closed });
        using var device = own.Somebody();

        var refused = (await device.SignUpAsync()).AssertStatus(503);
        Assert.Equal(JsonValueKind.String, refused.Json.ValueKind);
        Assert.False(refused.Headers.ContainsKey("Retry-After"));
        (await device.SignUpAsync(("X-Weave-Secret", "whatever"))).AssertStatus(503);

        (await device.UserAsync("GET", "")).AssertText("0");
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Secret_OfTheServer_OpensAClosedRegistration_AndIsNotGuessed()
    {
        const string secret = "a secret that is long enough for it";
        var own = await WeaveServer.StartAsync(options => options with
        {
            Accounts = options.Accounts with { MaxFailures = 3 },
            Sync11 = options.Sync11 with { Registration = Sync11Registration.Closed, SharedSecret = secret },
        });
        using var first = own.Somebody();
        using var second = own.Somebody();

        (await first.SignUpAsync(("X-Weave-Secret", "a wrong one"))).AssertStatus(503);
        (await first.SignUpAsync(("X-Weave-Secret", secret))).AssertText(first.Name);
        (await first.SignUpAsync(("X-Weave-Secret", secret))).AssertError(4);
        for (var i = 0; i < 3; i++)
        {
            (await second.SignUpAsync(("X-Weave-Secret", $"guess {i}"))).AssertStatus(503);
        }

        var late = (await second.SignUpAsync(("X-Weave-Secret", secret))).AssertStatus(503);
        Assert.True(late.Headers.ContainsKey("Retry-After"));
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Invitation_LetsOneUserIn_WithItsQuota()
    {
        var own = await WeaveServer.StartAsync(options => options with { Registration = Sync11Registration.Invitation });
        var assignments = own.Services.GetRequiredService<IAssignmentStore>();
        var week = ServerTimestamp.Now(TimeProvider.System).Plus(7L * 86_400_000);
        await assignments.AddInvitationAsync(new Invitation(AppPassword.DigestOf("a code"), "for a friend", QuotaBytes: 10_240, week, User: null), default);
        using var friend = own.Somebody();
        using var stranger = own.Somebody();

        (await friend.SignUpAsync()).AssertStatus(503);
        (await friend.SignUpAsync(("X-Weave-Secret", "another code"))).AssertStatus(503);
        (await friend.SignUpAsync(("X-Weave-Secret", "a code"))).AssertText(friend.Name);
        (await stranger.SignUpAsync(("X-Weave-Secret", "a code"))).AssertStatus(503);

        Assert.Equal("[0,10]", (await friend.GetAsync("/info/quota")).Text);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Invitation_IsSpentWithTheAccountThatWasMade_AndNotGoodAgainOnceThatIsGone()
    {
        var own = await WeaveServer.StartAsync(options => options with { Sync11 = options.Sync11 with { Registration = Sync11Registration.Invitation }, Accounts = options.Accounts with { CacheTime = TimeSpan.Zero } });
        var week = ServerTimestamp.Now(TimeProvider.System).Plus(7L * 86_400_000);
        await own.Services.GetRequiredService<IAssignmentStore>().AddInvitationAsync(new Invitation(AppPassword.DigestOf("a code"), "", QuotaBytes: null, week, User: null), default);
        await own.Services.GetRequiredService<AccountDirectory>().AddAsync("kinto@example.org", "kinto's password", default);
        using var taken = own.Somebody("kinto@example.org");
        using var friend = own.Somebody();
        var code = ("X-Weave-Secret", "a code");

        // What cannot be made spends nothing.
        (await taken.SignUpAsync(code)).AssertError(4);
        (await friend.UserAsync("PUT", "", "no json", ("Authorization", ""), code)).AssertError(6);
        (await friend.SignUpAsync(code)).AssertText(friend.Name);
        (await friend.SignUpAsync(code)).AssertError(4);

        Assert.True(await own.Services.GetRequiredService<AccountDirectory>().DeleteAsync(friend.Email, default));
        (await friend.SignUpAsync(code)).AssertStatus(503);
        (await taken.SignUpAsync(code)).AssertStatus(503);
        (await friend.UserAsync("GET", "")).AssertText("0");
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Secret_WhereInvitationsCount_IsNotGuessedEither_WhateverElseIsSent()
    {
        const string secret = "a secret that is long enough for it";
        var own = await WeaveServer.StartAsync(options => options with
        {
            Accounts = options.Accounts with { MaxFailures = 3 },
            Sync11 = options.Sync11 with { Registration = Sync11Registration.Invitation, SharedSecret = secret },
        });
        using var device = own.Somebody();

        (await device.UserAsync("PUT", "", "no json", ("Authorization", ""), ("X-Weave-Secret", secret))).AssertError(6);
        for (var i = 0; i < 3; i++)
        {
            // Refused before the body is read, so that the answer does not tell the secret from others.
            (await device.UserAsync("PUT", "", "no json", ("Authorization", ""), ("X-Weave-Secret", $"guess {i}"))).AssertStatus(503);
        }

        Assert.True((await device.SignUpAsync(("X-Weave-Secret", secret))).AssertStatus(503).Headers.ContainsKey("Retry-After"));
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Registration_ThatIsOpen_IsSoOftenADay_AndOnlyWhatWasMadeCounts()
    {
        var own = await WeaveServer.StartAsync(options => options with { MaxRegistrationsPerDay = 2, SharedSecret = "a secret that is long enough for it" });
        using var late = own.Somebody();

        using var first = await own.NewUserAsync();
        (await first.SignUpAsync()).AssertError(4);
        (await late.UserAsync("PUT", "", "no json", ("Authorization", ""))).AssertError(6);
        using var second = await own.NewUserAsync();

        Assert.True((await late.SignUpAsync()).AssertStatus(503).Headers.ContainsKey("Retry-After"));
        (await late.UserAsync("GET", "")).AssertText("0");
        (await late.SignUpAsync(("X-Weave-Secret", "a secret that is long enough for it"))).AssertText(late.Name);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Account_ThatAProgramOfBeforeHasDeleted_KeepsNobodyFromItsName_AndTheNextOneFindsNothingOfIt()
    {
        var own = await WeaveServer.StartAsync(options => options with { Accounts = options.Accounts with { CacheTime = TimeSpan.Zero } });
        using var device = await own.NewUserAsync();
        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x"))).AssertWritten();
        var accounts = own.Services.GetRequiredService<IAccountStore>();
        var account = (await accounts.BeginDeletionAsync(device.Email, expected: null, default))!;
        await accounts.EndDeletionAsync(account, "account:" + device.Email, default);

        (await device.UserAsync("GET", "")).AssertText("0");
        (await device.GetAsync("/info/collections")).AssertStatus(401);
        (await device.SignUpAsync()).AssertText(device.Name);
        Assert.Equal("{}", (await device.GetAsync("/info/collections")).AssertOk().Text);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Lookups_AreCounted_ButNotOfWhoShowsAPassword()
    {
        var own = await WeaveServer.StartAsync(options => options with { MaxLookups = 5 });
        using var device = await own.NewUserAsync();
        using var nobody = own.Anonymous();
        for (var i = 0; i < 5; i++)
        {
            (await nobody.SendAsync("GET", $"/user/1.0/name{i}")).AssertText("0");
        }

        Assert.True((await nobody.SendAsync("GET", "/user/1.0/name")).AssertStatus(503).Headers.ContainsKey("Retry-After"));
        (await nobody.SendAsync("GET", $"/user/1.0/{device.Name}/node/weave")).AssertStatus(503);
        (await device.UserAsync("GET", "/node/weave")).AssertOk();
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Delete_EndsTheAccount_WithAllThatIsStored()
    {
        using var device = await server.NewUserAsync();
        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x"))).AssertWritten();
        var account = (await server.Services.GetRequiredService<IAccountStore>().FindAsync(device.Email, default))!;

        (await device.UserAsync("DELETE", "", body: null, ("Authorization", ""))).AssertStatus(401);
        (await device.UserAsync("DELETE", "", body: null, ("Authorization", WeaveClient.Basic(device.Name, "a wrong password")))).AssertStatus(401);
        (await device.UserAsync("DELETE", "")).AssertText("0");

        (await device.GetAsync("/info/collections")).AssertStatus(401);
        (await device.UserAsync("GET", "")).AssertText("0");
        (await device.UserAsync("GET", "/node/weave", body: null, ("Authorization", ""))).AssertStatus(404);
        Assert.Null(await server.Services.GetRequiredService<IAccountStore>().FindAsync(device.Email, default));
        var left = await server.Services.GetRequiredService<IBuckets>().Get(BucketId.OldSyncStorage(account.Number))
            .ExecuteAsync(new BucketRequest(new Caller(new("sync11:" + account.Number), BucketAccess.Own), [new ReadLists(Exact: true)]), default);
        Assert.Empty(Assert.IsType<ListsFound>(left.Outcomes[0]).Lists);

        (await device.SignUpAsync()).AssertText(device.Name);
        Assert.Equal("{}", (await device.GetAsync("/info/collections")).AssertOk().Text);
    }

    [Fact]
    public async Task Account_ThatAnOperatorDeletes_TakesUserAndStorageAlong()
    {
        using var device = await server.NewUserAsync();
        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x"))).AssertWritten();

        Assert.True(await server.Services.GetRequiredService<AccountDirectory>().DeleteAsync(device.Email, default));

        (await device.PutAsync("/storage/bookmarks/b", WeaveClient.Wbo("b", "x"))).AssertStatus(401);
        (await device.UserAsync("GET", "")).AssertText("0");
    }

    [Fact]
    public async Task Node_IsTheUrlThatClientsUse_WithASlash()
    {
        using var device = await server.NewUserAsync();
        using var nobody = server.Anonymous();

        var node = (await device.UserAsync("GET", "/node/weave")).AssertText(server.Address.GetLeftPart(UriPartial.Authority) + "/");

        (await nobody.SendAsync("GET", $"/user/1.0/{device.Name}/node/weave")).AssertText(node.Text);
        (await nobody.SendAsync("GET", $"/user/1/{device.Name}/node/weave/")).AssertText(node.Text);
        (await nobody.SendAsync("GET", "/user/1.0/nobody/node/weave")).AssertStatus(404);
        (await device.UserAsync("GET", "/node/weave", body: null, ("Authorization", WeaveClient.Basic(device.Name, "a wrong password")))).AssertText(node.Text);
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Node_WithAPublicUrl_IsThat_PortAndPrefixIncluded_WhateverTheHostHeaderSays()
    {
        var own = await WeaveServer.StartAsync(options => options with { Http = options.Http with { PublicUrl = "https://sync.example.org:8443/sync/index.php" } });
        using var device = await own.NewUserAsync();

        (await device.UserAsync("GET", "/node/weave", body: null, ("Host", "evil.example.net"))).AssertText("https://sync.example.org:8443/sync/index.php/");
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Address_CanBeChanged_AndTheNameStays()
    {
        using var device = await server.NewUserAsync();

        (await device.UserAsync("POST", "/email", "new.address@example.org")).AssertText("new.address@example.org");
        (await device.UserAsync("POST", "/email", "no address")).AssertError(12);
        (await device.UserAsync("POST", "/email", "x@example.org", ("Authorization", ""))).AssertStatus(401);

        (await device.GetAsync("/info/collections")).AssertOk();
        (await device.UserAsync("GET", "")).AssertText("1");
    }

    [Fact]
    public async Task Captcha_IsNone()
    {
        using var nobody = server.Anonymous();

        (await nobody.SendAsync("GET", "/misc/1.0/captcha_html")).AssertStatus(404);
        (await nobody.SendAsync("GET", "/misc/1/captcha_html")).AssertStatus(404);
    }
}
