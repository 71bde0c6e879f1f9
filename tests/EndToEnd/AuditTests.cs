using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Lockstep.Gateway.Sync11.Tests;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.Sync15.Tests;
using Lockstep.Storage.Contract;

namespace Lockstep.EndToEnd;

/// <summary>The audit log in CEF: what those look for who watched over the old server, and nothing that opens anything.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    private const string Password = "a g00d password";
    private static readonly string[] Settings = ["--sync11:enabled", "true", "--sync11:registration", "open", "--firefox-accounts:mode", "off"];

    private TestStorage storage = null!;

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync() => await storage.DisposeAsync();

    [Fact]
    public async Task Events_OfCredentials_AreLinesOfAFile_WithoutSecrets()
    {
        var file = Path.Combine(storage.Directory, "audit.log");
        var (server, address) = await ServerProcess.StartAsync(storage, [.. Settings, "--audit:cef", file, "--audit:vendor", "Exa|mple"]);
        string name;
        using (server)
        {
            using var user = new WeaveClient(address, name = WeaveClient.NameOf("ann@example.org"), Password) { Email = "ann@example.org" };
            (await user.SignUpAsync()).AssertOk();
            (await user.GetAsync("/info/collections")).AssertOk();
            foreach (var authorization in new[]
            {
                "Digest x", "Basic ???", WeaveClient.Basic("somebody", Password), WeaveClient.Basic("-", Password), "Basic " + Convert.ToBase64String([.. Encoding.UTF8.GetBytes(name), (byte)':', 0xff]),
            })
            {
                (await user.GetAsync("/info/collections?secret=x", ("Authorization", authorization), ("User-Agent", "a=b\\c"))).AssertStatus(401);
            }

            (await user.GetAsync("/info/collections", ("Authorization", ""), ("User-Agent", ""))).AssertStatus(401);
            (await user.GetAsync("/storage/bookmarks", ("Authorization", WeaveClient.Basic(name, "a wr0ng password")))).AssertStatus(401);
            (await user.UserAsync("POST", "/password", "an0ther password", ("Authorization", ""), ("X-Weave-Password-Reset", "AAAA-BBBB-CCCC-DDDD"))).AssertError(10);
            (await user.UserAsync("DELETE", "/password_reset")).AssertText("success");
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        var lines = await File.ReadAllLinesAsync(file);
        Assert.Equal(
            [
                "Authorization header contains unknown protocol|Authorization header contains unknown protocol|7",
                "Authorization header is badly encoded|Authorization header is badly encoded|7",
                "Username Does Not Match URL|Username Does Not Match URL|7",
                "Username contains invalid characters|Username contains invalid characters|7",
                "Password is not utf-8 encoded|Password is not utf-8 encoded|7",
                "AuthFail|User Authentication Failed|5",
                "No Authorization header was provided|No Authorization header was provided|7",
                "AuthFail|User Authentication Failed|5",
                "InvalidResetCode|Invalid Reset Code submitted|5",
                "PasswordResetCleared|User requested password reset clear|9",
            ],
            lines.Select(static line => string.Join('|', line.Split('|')[^4..^1])));
        Assert.All(lines, line => Assert.Matches(@"^[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} \S+ CEF:0\|Exa\\\|mple\|lockstep\|[^|]+\|", line));
        Assert.EndsWith($@"|cs1Label=requestClientApplication cs1=a\=b\\c requestMethod=GET request=/1.1/{name}/info/collections src=127.0.0.1 suser={name}", lines[0], StringComparison.Ordinal);
        Assert.All(["g00d", "wr0ng", "an0ther", "AAAA", "secret=", "ann@"], secret => Assert.DoesNotContain(lines, line => line.Contains(secret, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Events_OfThePages_AndOfANewPassword_AreLinesToo_WithoutAddresses()
    {
        var file = Path.Combine(storage.Directory, "audit.log");
        var (server, address) = await ServerProcess.StartAsync(storage, [.. Settings, "--audit:cef", file]);
        var name = WeaveClient.NameOf("ann@example.org");
        using (server)
        {
            using var user = new WeaveClient(address, name, Password) { Email = "ann@example.org" };
            (await user.SignUpAsync()).AssertOk();
            (await SendAsync(user, "/weave-delete-account", "username=ann%40example.org&password=a+wr0ng+password")).AssertStatus(400);
            (await SendAsync(user, "/weave-delete-account", "username=-&password=a+wr0ng+password")).AssertStatus(400);
            (await SendAsync(user, "/weave-password-reset", $"username={name}&password=an0ther+password&confirm=an0ther+password&key=AAAA-BBBB-CCCC-DDDD")).AssertStatus(400);
            (await user.UserAsync("POST", "/password", "an0ther password", ("Authorization", "Basic ???"))).AssertStatus(401);
            (await user.UserAsync("POST", "/password", "an0ther password", ("Authorization", WeaveClient.Basic(name, "a wr0ng password")))).AssertStatus(401);
            (await user.UserAsync("POST", "/password", "an0ther password")).AssertText("success");
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        var lines = await File.ReadAllLinesAsync(file);
        Assert.Equal(
            ["AuthFail", "Username contains invalid characters", "InvalidResetCode", "Authorization header is badly encoded", "AuthFail"],
            lines.Select(static line => line.Split('|')[^4]));
        Assert.EndsWith($"requestMethod=POST request=/weave-delete-account src=127.0.0.1 suser={name}", lines[0], StringComparison.Ordinal);
        Assert.All(["wr0ng", "an0ther", "AAAA", "ann@"], secret => Assert.DoesNotContain(lines, line => line.Contains(secret, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Deletions_OfSync15_AreEventsInJson_ButNotThoseOfOneRecord()
    {
        const string Secret = "a secret of these tests that is long enough";
        var file = Path.Combine(storage.Directory, "audit.json");
        var (server, address) = await ServerProcess.StartAsync(storage, ["--sync15:token-secrets", Secret, "--firefox-accounts:mode", "off", "--audit:json", file]);
        using (server)
        {
            var time = TimeProvider.System;
            var (id, key) = new TokenSigner([Secret]).Sign(new SyncToken(7, time.GetUtcNow().ToUnixTimeSeconds() + 3600, "a1b2c3"));
            using var device = new SyncClient(address, 7, id, key, time);
            (await device.SendRawAsync("POST", "/1.5/7/storage/tabs", """[{"id":"a","payload":"x"},{"id":"b","payload":"x"}]""")).AssertOk();
            (await device.SendRawAsync("DELETE", "/1.5/7/storage/tabs/a")).AssertOk();
            (await device.SendRawAsync("DELETE", "/1.5/7/storage/tabs?ids=b")).AssertOk();
            (await device.SendRawAsync("DELETE", "/1.5/7/storage")).AssertOk();
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        var lines = (await File.ReadAllLinesAsync(file)).Select(static line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            ["ObjectDeleted DELETE /1.5/7/storage/tabs", "ObjectDeleted DELETE /1.5/7/storage"],
            lines.Select(static line => $"{line.GetProperty("event")} {line.GetProperty("method")} {line.GetProperty("path")}"));
        Assert.All(lines, static line => Assert.Equal("127.0.0.1", line.GetProperty("address").GetString()));
    }

    [Fact]
    public async Task Events_ForSyslog_AreDatagramsOfItsForm()
    {
        var path = Path.Combine(storage.Directory, "log");
        using var syslog = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        syslog.Bind(new UnixDomainSocketEndPoint(path));
        var (server, address) = await ServerProcess.StartAsync(storage, [.. Settings, "--audit:cef", "syslog", "--audit:syslog-socket", path, "--audit:facility", "user", "--audit:priority", "debug"]);
        using (server)
        {
            using var nobody = new WeaveClient(address, "nobody", password: null);
            (await nobody.GetAsync("/info/collections")).AssertStatus(401);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            var datagram = new byte[4096];
            var length = await syslog.ReceiveAsync(datagram, patience.Token);

            Assert.Matches(
                @"^<15>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} lockstep\[[0-9]+\]: CEF:0\|Lockstep\|lockstep\|[0-9.]+[^|]*\|No Authorization header was provided\|No Authorization header was provided\|7\|cs1Label=\S+ cs1= requestMethod=GET request=/1\.1/nobody/info/collections src=127\.0\.0\.1 suser=nobody$",
                Encoding.UTF8.GetString(datagram, 0, length));
        }
    }

    [Fact]
    public async Task File_ThatWasRotatedAway_IsMadeAnew_AndNothingIsNotedWithoutTheSetting()
    {
        var file = Path.Combine(storage.Directory, "audit.log");
        var (server, address) = await ServerProcess.StartAsync(storage, [.. Settings, "--audit:cef", file]);
        using (server)
        {
            using var nobody = new WeaveClient(address, "nobody", password: null);
            (await nobody.GetAsync("/info/collections")).AssertStatus(401);
            await Eventually.HoldsAsync("noted", HasLines);
            File.Move(file, file + ".1");
            (await nobody.GetAsync("/info/collections")).AssertStatus(401);
            await Eventually.HoldsAsync("noted in a new file", HasLines);
            Assert.Single(await File.ReadAllLinesAsync(file + ".1"));
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
            Assert.Single(await File.ReadAllLinesAsync(file));
        }

        File.Delete(file);
        (server, address) = await ServerProcess.StartAsync(storage, Settings);
        using (server)
        {
            using var nobody = new WeaveClient(address, "nobody", password: null);
            (await nobody.GetAsync("/info/collections")).AssertStatus(401);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
            Assert.False(File.Exists(file));
        }

        Task<bool> HasLines() => Task.FromResult(File.Exists(file) && new FileInfo(file).Length > 0);
    }

    [Fact]
    public async Task Files_WhoseTimeIsOver_AreRemoved_AndEachDayHasOne()
    {
        var file = Path.Combine(storage.Directory, "audit.log");
        var today = TimeProvider.System.GetUtcNow().UtcDateTime.Date;
        string Of(DateTime day) => $"{file}.{day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)}";
        await File.WriteAllTextAsync(file, "yesterday\n");
        File.SetLastWriteTimeUtc(file, today.AddDays(-1).AddHours(3));
        foreach (var other in new[] { Of(today.AddDays(-40)), Of(today.AddDays(-40)) + ".1", Of(today.AddDays(-20)), file + ".1", file + ".no-day-at-all", Path.Combine(storage.Directory, "audit.json.2000-01-01") })
        {
            await File.WriteAllTextAsync(other, "x");
        }

        var (server, address) = await ServerProcess.StartAsync(storage, [.. Settings, "--audit:cef", file, "--audit:retention", "30.00:00:00"]);
        using (server)
        {
            await Eventually.HoldsAsync("removed", () => Task.FromResult(!File.Exists(Of(today.AddDays(-40))) && !File.Exists(Of(today.AddDays(-40)) + ".1")));
            using var nobody = new WeaveClient(address, "nobody", password: null);
            (await nobody.GetAsync("/info/collections")).AssertStatus(401);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        Assert.Single(await File.ReadAllLinesAsync(file), static line => line.Contains("CEF:0", StringComparison.Ordinal));
        Assert.Equal(["yesterday"], await File.ReadAllLinesAsync(Of(today.AddDays(-1))));
        Assert.All(new[] { Of(today.AddDays(-20)), file + ".1", file + ".no-day-at-all", Path.Combine(storage.Directory, "audit.json.2000-01-01") }, static kept => Assert.True(File.Exists(kept), kept));
    }

    [Fact]
    public async Task Target_ThatIsAway_IsToldOnce_AndTheServerGoesOn()
    {
        var missing = Path.Combine(storage.Directory, "none", "audit.log");
        var (server, address) = await ServerProcess.StartAsync(storage, [.. Settings, "--audit:cef", missing]);
        using (server)
        {
            using var nobody = new WeaveClient(address, "nobody", password: null);
            for (var i = 0; i < 3; i++)
            {
                (await nobody.GetAsync("/info/collections")).AssertStatus(401);
            }

            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
            Assert.Single(server.Output.Split('\n'), static line => line.Contains("An event could not be written", StringComparison.Ordinal));
            Assert.Contains("3 events of the audit log were dropped", server.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("log")]
    [InlineData("/run/a-path-that-is-much-too-long-for-a-socket-of-any-machine/and-then-some-more-of-it/and-then-some-more-of-it/log")]
    public async Task SyslogSocket_ThatCannotBe_StopsTheStart(string socket)
    {
        var (code, output) = await ServerProcess.RunAsync(["--data-directory", storage.Directory, "--audit:cef", "syslog", "--audit:syslog-socket", socket], environment: storage.Environment);

        Assert.Equal(1, code);
        Assert.Contains("Audit:SyslogSocket", output, StringComparison.Ordinal);
    }

    private static Task<WeaveAnswer> SendAsync(WeaveClient client, string path, string form) =>
        client.SendAsync("POST", path, Encoding.ASCII.GetBytes(form), ("Authorization", ""));
}
