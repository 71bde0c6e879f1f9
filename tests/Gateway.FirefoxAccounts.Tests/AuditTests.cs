using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Protocol;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>One line in each log for each thing that changes who may do what.</summary>
public sealed class AuditTests
{
    [Fact]
    public async Task Logs_HaveALineForEachThing_WithTheUidAndTheAddressItCameFrom_AndNothingThatIsSecret()
    {
        var file = Path.GetTempFileName();
        var server = await AccountsServer.StartAsync(options => options with { Audit = new AuditOptions { Cef = file } });
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
        var export = new Uri((await person.PostAsync("/account/export", own)).Ok().String("url")).AbsolutePath;
        (await person.Client.GetAsync(export)).Ok();
        var third = await person.NewSessionAsync();
        (await person.PostAsync("/session/destroy", new { }, third)).Ok();
        (await person.PostAsync("/account/destroy", new { email = person.Email, authPW = person.AuthPw })).Ok();

        await server.DisposeAsync();

        var lines = log.Above(LogLevel.Debug).Where(static line => line.Contains("AuditLog", StringComparison.Ordinal)).ToList();

        Assert.Equal(
            [
                "made", "signed in", "A wrong password for an account", "device added", "device removed", "recovery key made", "reset begun", "app password made", "app password removed", "exported", "signed in",
                "signed out", "deleted",
            ],
            lines.Select(line => line.Replace($"Account {person.Uid}: ", "", StringComparison.Ordinal).Split(": ")[1].Split(',')[0]));
        Assert.All(lines, static line => Assert.Matches("from (::ffff:)?127[.]0[.]0[.]1 *$", line));

        // The same as others read it.
        var events = await File.ReadAllLinesAsync(file);
        File.Delete(file);
        Assert.Equal(
            [
                "AccountMade 3", "AccountSignedIn 3", "AuthFail 5", "AccountDeviceAdded 3", "AccountDeviceRemoved 5", "AccountRecoveryKeyMade 5", "AccountResetBegun 5", "AccountAppPasswordMade 5",
                "AccountAppPasswordRemoved 3", "AccountExported 7", "AccountSignedIn 3", "AccountSignedOut 3", "AccountDeleted 7",
            ],
            events.Select(static line => $"{line.Split('|')[^4]} {line.Split('|')[^2]}"));
        Assert.All(events, line => Assert.EndsWith(line.Contains("AuthFail", StringComparison.Ordinal) ? " suser=none" : " suser=" + person.Uid, line, StringComparison.Ordinal));
        Assert.Contains(events, static line => line.Contains(" request=/auth/v1/account/export/{code} ", StringComparison.Ordinal));
        Assert.All(
            lines.Concat(events),
            line => Assert.DoesNotContain([app.String("password"), recovery, export, person.Session, "@"], secret => line.Contains(secret, StringComparison.Ordinal)));
    }
}
