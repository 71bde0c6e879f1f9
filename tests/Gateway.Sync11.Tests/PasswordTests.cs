using System.Text.RegularExpressions;
using Lockstep.Core.Accounts;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.FirefoxAccounts.Tests;
using Lockstep.Gateway.Protocol;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>New passwords: with the one before, and by a code that is mailed.</summary>
[Collection(SharedServer.Name)]
public sealed partial class PasswordTests(WeaveServer server)
{
    private const string New = "another good pässword";

    private static readonly TimeSpan BetweenCodes = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Password_ThatIsChanged_OpensFromThenOn_AndTheOneBeforeNothing()
    {
        using var device = await server.NewUserAsync();
        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x"))).AssertWritten();
        var old = device.Password!;

        (await device.UserAsync("POST", "/password", New)).AssertText("success");

        (await device.GetAsync("/info/collections")).AssertStatus(401);
        device.Password = New;
        Assert.Equal("x", (await device.GetAsync("/storage/bookmarks/a")).AssertOk().Json.GetProperty("payload").GetString());
        (await device.UserAsync("POST", "/password", old, ("Authorization", WeaveClient.Basic(device.Name, old)))).AssertStatus(401);
    }

    [Fact]
    public async Task Password_ThatIsWeak_Is400_WithWordsForPeople()
    {
        using var device = await server.NewUserAsync();

        foreach (var weak in new[] { "", "1234567", device.Name, device.Name.ToUpperInvariant() })
        {
            var refused = (await device.UserAsync("POST", "/password", weak)).AssertStatus(400);
            Assert.Equal("Password should be at least 8 characters and not the same as your username", refused.Text);
        }

        (await device.GetAsync("/info/collections")).AssertOk();
    }

    [Fact]
    public async Task Change_WithoutOrWithWrongCredentials_Is401()
    {
        using var device = await server.NewUserAsync();

        Assert.True((await device.UserAsync("POST", "/password", New, ("Authorization", ""))).AssertStatus(401).Headers.ContainsKey("WWW-Authenticate"));
        Assert.False((await device.UserAsync("POST", "/password", New, ("Authorization", WeaveClient.Basic(device.Name, "a wrong password")))).AssertStatus(401).Headers.ContainsKey("WWW-Authenticate"));

        (await device.GetAsync("/info/collections")).AssertOk();
    }

    [Fact]
    public async Task Password_OfSync_OpensNothingOfKinto_AndKintosNothingOfSync()
    {
        var own = await WeaveServer.StartAsync(options => options with { StrictUsernames = false });
        using var user = new WeaveClient(own.Address, "alice", "a good password") { Email = "alice@example.org" };
        (await user.SignUpAsync()).AssertText("alice");

        Assert.Equal(401, (await user.SendAsync("GET", "/v1/accounts/alice")).Status);
        await own.Services.GetRequiredService<IAccountStore>().ChangePasswordAsync("alice", expected: null, PasswordHash.Create("kinto's password", 1000), ServerTimestamp.Now(own.Time), default);

        Assert.Equal(200, (await user.SendAsync("GET", "/v1/accounts/alice", body: null, ("Authorization", WeaveClient.Basic("alice", "kinto's password")))).Status);
        (await user.GetAsync("/info/collections", ("Authorization", WeaveClient.Basic("alice", "kinto's password")))).AssertStatus(401);
        (await user.UserAsync("POST", "/password", New)).AssertText("success");
        Assert.Equal(200, (await user.SendAsync("GET", "/v1/accounts/alice", body: null, ("Authorization", WeaveClient.Basic("alice", "kinto's password")))).Status);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Password_ThatAnOperatorSets_EndsTheOneBefore_AndMakesNoneForKinto()
    {
        const string set = "the operator's password";
        var own = await WeaveServer.StartAsync(options => options with { Sync11 = options.Sync11 with { StrictUsernames = false }, Accounts = options.Accounts with { CacheTime = TimeSpan.Zero } });
        using var user = new WeaveClient(own.Address, "alice", "a good password") { Email = "alice@example.org" };
        (await user.SignUpAsync()).AssertText("alice");
        (await user.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x"))).AssertWritten();
        var (directory, accounts) = (own.Services.GetRequiredService<AccountDirectory>(), own.Services.GetRequiredService<IAccountStore>());

        Assert.Equal(PasswordChange.Done, await directory.ChangePasswordAsync("alice", set, default));

        (await user.GetAsync("/info/collections")).AssertStatus(401);
        user.Password = set;
        Assert.Equal(["a"], (await user.GetAsync("/storage/bookmarks")).AssertOk().Ids);
        Assert.Equal(401, (await user.SendAsync("GET", "/v1/accounts/alice")).Status);

        // Of who has one of Kinto too both end.
        await accounts.ChangePasswordAsync("alice", expected: null, PasswordHash.Create("kinto's password", 1000), ServerTimestamp.Now(own.Time), default);
        Assert.Equal(PasswordChange.Done, await directory.ChangePasswordAsync("alice", "another of the operator", default));
        (await user.GetAsync("/info/collections")).AssertStatus(401);
        Assert.Equal(401, (await user.SendAsync("GET", "/v1/accounts/alice", body: null, ("Authorization", WeaveClient.Basic("alice", "kinto's password")))).Status);
        Assert.Equal(PasswordChange.NoAccount, await directory.ChangePasswordAsync("nobody", set, default));
        await own.DisposeAsync();
    }

    [Fact]
    public async Task User_WhoseAccountIsDisabled_WritesAndChangesNothing_UntilItIsEnabled()
    {
        using var user = await server.NewUserAsync();
        (await user.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x"))).AssertWritten();
        var (directory, logins) = (server.Services.GetRequiredService<AccountDirectory>(), server.Services.GetRequiredService<ILoginStore>());
        var account = (await logins.FindAsync(user.Name, default))!.Account;

        // What was verified before is remembered for a while, and writes nothing.
        Assert.True((await directory.DisableAsync(account, default))!.IsDisabled);
        (await user.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "late"))).AssertStatus(401);
        (await user.UserAsync("POST", "/password", New)).AssertStatus(401);

        Assert.False((await directory.EnableAsync(account, default))!.IsDisabled);
        (await user.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "y"))).AssertWritten();
        Assert.Equal(["a"], (await user.GetAsync("/storage/bookmarks")).AssertOk().Ids);
    }

    [Fact]
    public async Task Password_ThatAnOperatorSets_OfAUserWhoIsNotWhole_ChangesNothing()
    {
        using var user = server.Somebody();
        var (logins, now) = (server.Services.GetRequiredService<ILoginStore>(), ServerTimestamp.Now(server.Time));
        var half = await logins.AddAsync(new AccountLogin(new Account(0, user.Email, PasswordHash.None, now, IsBeingDeleted: false), user.Name, AccountLogin.Pending), invitation: null, now, default);

        Assert.Equal(PasswordChange.Importing, await server.Services.GetRequiredService<AccountDirectory>().ChangePasswordAsync(user.Email, user.Password!, default));

        Assert.Equal(half, await logins.FindAsync(user.Name, default));
        (await user.GetAsync("/info/collections")).AssertStatus(401);
    }

    [Fact]
    public async Task Reset_WithoutAMailServer_Is503()
    {
        using var device = await server.NewUserAsync();

        (await device.UserAsync("GET", "/password_reset", body: null, ("Authorization", ""))).AssertStatus(503);
    }

    [Fact]
    public async Task Code_ThatIsMailed_SetsANewPassword_Once_AndNothingIsLost()
    {
        await using var receiver = new SmtpReceiver();
        var own = await StartWithMailAsync(receiver);
        using var device = await own.NewUserAsync();
        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x"))).AssertWritten();

        (await device.UserAsync("GET", "/password_reset", body: null, ("Authorization", ""), ("Host", "evil.example.net"))).AssertText("success");
        var (to, text) = await receiver.NextAsync();
        var code = Code().Match(text).Value;

        Assert.Equal(device.Email, to);
        Assert.DoesNotContain("evil", text, StringComparison.Ordinal);
        (await ResetAsync(device, "AAAA-BBBB-CCCC-DDDD", New)).AssertError(10);
        (await ResetAsync(device, code, "short")).AssertStatus(400);
        (await ResetAsync(device, code, New)).AssertText("success");
        (await ResetAsync(device, code, "yet another password")).AssertError(10);
        device.Password = New;
        (await device.GetAsync("/storage/bookmarks/a")).AssertOk();
        await own.DisposeAsync();
    }

    [OneProcessFact("Silos have the machine's own clock.")]
    public async Task Code_IsEndedByTheThirdAfterIt_ByTheUser_AndByAChange()
    {
        await using var receiver = new SmtpReceiver();
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        var own = await StartWithMailAsync(receiver, time: time);
        using var device = await own.NewUserAsync();

        var first = await CodeAsync(device, receiver);
        time.Advance(BetweenCodes);
        var second = await CodeAsync(device, receiver);
        time.Advance(BetweenCodes);
        await CodeAsync(device, receiver);
        time.Advance(BetweenCodes);
        var last = await CodeAsync(device, receiver);
        (await ResetAsync(device, first, New)).AssertError(10);
        (await ResetAsync(device, second, New)).AssertText("success");
        device.Password = New;
        (await ResetAsync(device, last, "yet another password")).AssertError(10);
        var ended = await CodeAsync(device, receiver);
        (await device.UserAsync("DELETE", "/password_reset")).AssertText("success");
        (await ResetAsync(device, ended, New)).AssertError(10);
        var third = await CodeAsync(device, receiver);
        (await device.UserAsync("POST", "/email", "elsewhere@example.org")).AssertText("elsewhere@example.org");
        (await ResetAsync(device, third, New)).AssertError(10);
        var fourth = await CodeAsync(device, receiver);
        (await device.UserAsync("POST", "/password", "a third password")).AssertText("success");
        (await ResetAsync(device, fourth, "yet another password")).AssertError(10);
        await own.DisposeAsync();
    }

    [OneProcessFact("Silos have the machine's own clock.")]
    public async Task Code_IsMailedOnceInTenMinutes_HoweverOftenItIsAskedFor()
    {
        await using var receiver = new SmtpReceiver();
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        var own = await StartWithMailAsync(receiver, time: time);
        using var device = await own.NewUserAsync();
        var code = await CodeAsync(device, receiver);
        time.Advance(BetweenCodes - TimeSpan.FromSeconds(1));
        for (var i = 0; i < 4; i++)
        {
            (await device.UserAsync("GET", "/password_reset", body: null, ("Authorization", ""))).AssertText("success");
        }

        time.Advance(TimeSpan.FromSeconds(1));
        var next = await CodeAsync(device, receiver);

        Assert.NotEqual(code, next);
        (await ResetAsync(device, code, New)).AssertText("success");
        await own.DisposeAsync();
    }

    [OneProcessFact("Silos have the machine's own clock.")]
    public async Task Code_IsGoodForSixHours_WhateverIsMailedAfterIt()
    {
        await using var receiver = new SmtpReceiver();
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        var own = await StartWithMailAsync(receiver, time: time);
        using var device = await own.NewUserAsync();
        var first = await CodeAsync(device, receiver);
        time.Advance(TimeSpan.FromHours(5));
        var second = await CodeAsync(device, receiver);

        time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));
        (await ResetAsync(device, first, New)).AssertError(10);
        time.Advance(TimeSpan.FromHours(5) - TimeSpan.FromSeconds(2));
        (await ResetAsync(device, second, New)).AssertText("success");

        var last = await CodeAsync(device, receiver);
        time.Advance(TimeSpan.FromHours(6));
        (await ResetAsync(device, last, New)).AssertError(10);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Reset_OfNobody_Is3_AndMailsOfADayAreCounted()
    {
        await using var receiver = new SmtpReceiver();
        var own = await StartWithMailAsync(receiver, options => options with { MaxMailsPerDay = 2 });
        using var device = await own.NewUserAsync();
        using var nobody = own.Somebody();

        (await nobody.UserAsync("GET", "/password_reset")).AssertError(3);
        (await ResetAsync(nobody, "AAAA-BBBB-CCCC-DDDD", New)).AssertStatus(404);
        await CodeAsync(device, receiver);
        (await device.UserAsync("GET", "/password_reset?captcha-challenge=x&captcha-response=y")).AssertText("success");
        Assert.True((await device.UserAsync("GET", "/password_reset")).AssertStatus(503).Headers.ContainsKey("Retry-After"));
        await own.DisposeAsync();
    }

    private static Task<WeaveServer> StartWithMailAsync(SmtpReceiver receiver, Func<Sync11Options, Sync11Options>? configure = null, TimeProvider? time = null) => WeaveServer.StartAsync(
        options => options with
        {
            Sync11 = (configure ?? (sync => sync))(options.Sync11),
            FirefoxAccounts = options.FirefoxAccounts with { Smtp = new SmtpOptions { Host = "127.0.0.1", Port = receiver.Port, Security = "none", From = "sync@example.org" } },
        },
        time);

    private static Task<WeaveAnswer> ResetAsync(WeaveClient device, string code, string password) =>
        device.UserAsync("POST", "/password", password, ("Authorization", ""), ("X-Weave-Password-Reset", code));

    private static async Task<string> CodeAsync(WeaveClient device, SmtpReceiver receiver)
    {
        (await device.UserAsync("GET", "/password_reset", body: null, ("Authorization", ""))).AssertText("success");
        return Code().Match((await receiver.NextAsync()).Text).Value;
    }

    [GeneratedRegex("[A-Z0-9]{4}(-[A-Z0-9]{4}){3}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Code();
}
