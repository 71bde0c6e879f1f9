using Lockstep.Gateway.Protocol;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>One line in the log for each thing that changes who may do what.</summary>
public sealed class AuditTests(AccountsServer server) : IClassFixture<AccountsServer>
{
    [Fact]
    public async Task Log_HasALineForEachThing_WithTheUidAndTheAddressItCameFrom_AndNoMailAddress()
    {
        using var log = LogWatch.On(server.Services);
        var person = await server.NewPersonAsync();
        var own = new { authPW = person.AuthPw };
        var other = await person.NewSessionAsync();
        (await person.LoginAsync(authPw: AccountClient.RandomHex(32))).Refused(400, 103);
        var device = (await person.PostAsync("/account/device", new { name = "x", type = "desktop" }, other)).Ok().String("id");
        (await person.PostAsync("/account/device/destroy", new { id = device })).Ok();
        var recovery = AccountClient.RandomHex(16);
        (await person.PostAsync("/recoveryKey", new { recoveryKeyId = recovery, recoveryData = "x", authPW = person.AuthPw })).Ok();
        (await person.Client.PostAsync("/auth/v1/recoveryKey/use", new { email = person.Email, recoveryKeyId = recovery })).Ok();
        var app = (await person.PostAsync("/account/app_passwords", new { name = "x", authPW = person.AuthPw })).Ok();
        (await person.PostAsync("/account/app_passwords/destroy", new { id = (await person.GetAsync("/account/app_passwords")).Ok().Json[0].GetProperty("id").GetString() })).Ok();
        (await person.Client.GetAsync(new Uri((await person.PostAsync("/account/export", own)).Ok().String("url")).AbsolutePath)).Ok();
        var third = await person.NewSessionAsync();
        (await person.PostAsync("/session/destroy", new { }, third)).Ok();
        (await person.PostAsync("/account/destroy", new { email = person.Email, authPW = person.AuthPw })).Ok();

        var lines = log.Above(LogLevel.Debug).Where(static line => line.Contains("AuditLog", StringComparison.Ordinal)).ToList();

        Assert.Equal(
            [
                "made", "signed in", "A wrong password for an account", "device added", "device removed", "recovery key made", "reset begun", "app password made", "app password removed", "exported", "signed in",
                "signed out", "deleted",
            ],
            lines.Select(line => line.Replace($"Account {person.Uid}: ", "", StringComparison.Ordinal).Split(": ")[1].Split(',')[0]));
        Assert.All(lines, static line => Assert.Matches("from (::ffff:)?127[.]0[.]0[.]1 *$", line));
        Assert.All(lines, line => Assert.DoesNotContain("@", line, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains(app.String("password"), StringComparison.Ordinal) || line.Contains(recovery, StringComparison.Ordinal));
    }
}
