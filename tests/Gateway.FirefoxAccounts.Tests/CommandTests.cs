using Lockstep.Core.KeyedAccounts;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>What an operator does on the command line, and what a start makes.</summary>
[Collection(SharedServer.Name)]
public sealed class CommandTests(AccountsServer shared)
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public async Task ResetLink_IsPrinted_AndSetsAPassword()
    {
        var server = shared;
        var person = await server.NewPersonAsync();
        var output = new StringWriter();

        Assert.Equal(0, await FirefoxAccountCommands.RunAsync(["reset-link", person.Email], None, server.Options, output));

        var link = output.ToString().Trim();
        Assert.Contains("/reset_password#link=", link, StringComparison.Ordinal);
        (await person.Client.PostAsync("/auth/v1/password/forgot/use_link", new { token = link.Split('=')[1] })).Ok();
        Assert.Equal(1, await FirefoxAccountCommands.RunAsync(["reset-link", "nobody@example.org"], None, server.Options, output));
        Assert.Equal(2, await FirefoxAccountCommands.RunAsync(["reset-link"], None, server.Options, output));
        Assert.Equal(1, await FirefoxAccountCommands.RunAsync(["invite"], None, server.Options, output));
    }

    [Fact]
    public async Task Invitation_IsPrinted_AndLetsOneIn()
    {
        var server = await AccountsServer.StartAsync(static options => options with { Registration = AccountRegistration.Invitation });
        var output = new StringWriter();

        Assert.Equal(0, await FirefoxAccountCommands.RunAsync(["invite"], new Dictionary<string, string> { ["--days"] = "2" }, server.Options, output));

        using var client = server.Anonymous();
        (await client.PostAsync("/auth/v1/account/create", new
        {
            email = "a@example.org", authPW = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt(), invitation = output.ToString().Trim().Split("#invitation=")[1],
        })).Ok();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task InvitationToAnAccountOfTheConsole_IsNoneToAFirefoxAccount_NorTheOtherWayRound_AndWrongOnesAreCounted()
    {
        var server = await AccountsServer.StartAsync(static options => options with { Registration = AccountRegistration.Invitation });
        var (console, firefox) = (new StringWriter(), new StringWriter());
        Assert.Equal(0, await InvitationCommands.RunAsync(["invite"], None, server.Options, console));
        Assert.Equal(0, await FirefoxAccountCommands.RunAsync(["invite"], None, server.Options, firefox));
        var (own, other) = (console.ToString().Trim().Split("#invitation=")[1], firefox.ToString().Trim().Split("#invitation=")[1]);
        using var client = server.Anonymous();

        Assert.Equal(403, (await client.PostAsync("/auth/v1/account/create", new
        {
            email = "a@example.org", authPW = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt(), invitation = own,
        })).Status);
        for (var tries = 0; tries < server.Options.Accounts.MaxFailures; tries++)
        {
            Assert.Equal(403, await MakeAsync(other));
        }

        Assert.Equal(429, await MakeAsync(other));
        Assert.Equal(429, await MakeAsync(own));
        await server.DisposeAsync();

        async Task<int> MakeAsync(string invitation) => (await client.SendAsync(
            "POST", "/admin/api/invitation", System.Text.Json.JsonSerializer.Serialize(new { invitation, account = "alice", password = "a good password" }), null, headers: ("Lockstep-Console", "1"))).Status;
    }

    [Fact]
    public async Task PasswordOfAFirefoxAccount_IsNotSetByTheCommandForOthers()
    {
        var server = shared;
        var person = await server.NewPersonAsync();
        var output = new StringWriter();

        Assert.Equal(1, await AccountCommands.RunAsync(["password", person.Email.ToLowerInvariant()], server.Options, new StringReader("s3cr3t!!\n"), output));

        Assert.Contains("reset-link", output.ToString(), StringComparison.Ordinal);
        await person.KeyAsync();
    }

    [Fact]
    public async Task AccountThatIsDisabled_OpensNothing_AndIsAsBefore_OnceItIsEnabled()
    {
        var server = shared;
        var person = await server.NewPersonAsync();
        var key = await person.KeyAsync();
        var keyId = await person.KeyIdAsync(key);
        var (storage, access) = (await person.StorageAsync(key), await person.AccessTokenAsync(AccountClient.SyncScope));
        (await storage.PutAsync("/storage/bookmarks/a", """{"payload":"1"}""")).Ok();
        var app = (await person.PostAsync("/account/app_passwords", new { name = "x", authPW = person.AuthPw })).Ok();
        var basic = "Basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{app.String("user")}:{app.String("password")}"));
        Assert.Equal(200, (await person.Client.GetAsync("/v1/buckets", basic)).Status);
        var name = person.Email.ToLowerInvariant();

        Assert.Equal(0, await RunAsync("disable", name));

        Assert.Equal(400, (await person.LoginAsync()).Status);
        (await person.GetAsync("/session/status")).Refused(401, 110);
        Assert.Equal(401, (await person.SyncTokenAsync(access, keyId)).Status);
        Assert.Equal(401, (await storage.PutAsync("/storage/bookmarks/a", """{"payload":"late"}""")).Status);
        Assert.Equal(401, (await person.Client.GetAsync("/v1/buckets", basic)).Status);
        (await person.Client.PostAsync("/auth/v1/account/create", new { email = person.Email, authPW = person.AuthPw, clientSalt = AccountClient.NewSalt() })).Refused(400, 101);
        var said = new StringWriter();
        Assert.Equal(1, await FirefoxAccountCommands.RunAsync(["reset-link", person.Email], None, server.Options, said));
        Assert.Contains("account enable", said.ToString(), StringComparison.Ordinal);

        Assert.Equal(0, await RunAsync("enable", name));

        (await person.GetAsync("/session/status")).Ok();
        (await person.LoginAsync()).Ok();
        (await person.SyncTokenAsync(access, keyId)).Ok();
        (await storage.PutAsync("/storage/bookmarks/a", """{"payload":"2"}""")).Ok();
        Assert.Equal(200, (await person.Client.GetAsync("/v1/buckets", basic)).Status);
        Assert.Equal(1, await RunAsync("disable", "nobody"));

        Task<int> RunAsync(string verb, string account) => AccountCommands.RunAsync([verb, account], server.Options, TextReader.Null, TextWriter.Null);
    }

    [SqliteFact("on PostgreSQL the key is named")]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public async Task Key_IsMadeAtTheFirstStart_ForNobodyElse_AndTakenAgain()
    {
        var server = await AccountsServer.StartAsync(static options => options with { Key = null });
        var person = await server.NewPersonAsync();
        var file = Path.Combine(server.DataDirectory, "accounts.key");
        var made = File.ReadAllText(file);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var session = person.Session;

        await server.RestartAsync();

        using var client = server.Anonymous();
        (await client.GetAsync("/auth/v1/session/status", client.Hawk(session, "sessionToken", "GET", "/auth/v1/session/status"))).Ok();
        Assert.Equal(made, File.ReadAllText(file));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains("0600", Assert.Throws<SettingsException>(() => AccountServer.ReadKey(server.Options)).Message, StringComparison.Ordinal);
        await server.DisposeAsync();
    }

    [PostgresFact("it copies into PostgreSQL")]
    public async Task Copy_TakesAccountsAlong_WithAllThatOpensThem()
    {
        var directory = Directory.CreateTempSubdirectory("lockstep-test-").FullName;
        var connection = await PostgresServer.CreateEmptyDatabaseAsync();
        var options = new LockstepOptions { DataDirectory = directory, FirefoxAccounts = new FirefoxAccountOptions { Mode = AccountServerMode.On, Key = "the key of these tests is long enough" } };
        var token = new AccountToken("digest", AccountTokenKind.Session, 0) { Data = "data", Created = new(1), Expires = new(long.MaxValue), Used = new(2) };
        KeyedAccount made;
        await using (var storage = await ServerStorage.OpenAsync(options, exclusive: true, static _ => { }))
        {
            made = (await storage.KeyedAccounts.AddAsync(
                new KeyedAccount(new(0, "a@example.org", "argon2id$", new(1), IsBeingDeleted: false), "uid", "A@example.org") { WrappedKey = "w", Generation = 5, KeysChangedAt = 4, Created = new(1), IsTotpOn = true }, [token], invitation: null, default))!;
            Assert.True(await storage.KeyedAccounts.PutDeviceAsync(new AccountDevice("id", made.Account.Number, "digest", "data", new(3)), default));
            Assert.True(await storage.KeyedAccounts.AddCommandAsync(made.Account.Number, "id", "command", 10, 1000, new(long.MaxValue), default));
            Assert.True(await storage.KeyedAccounts.AddServerKeyAsync(new ServerKey("key", new(1), "sealed"), null, default));
        }

        options = options with { Postgres = new PostgresOptions { Connection = connection } };
        Assert.Equal(0, await CopyCommand.RunAsync(options, TextWriter.Null, CancellationToken.None));

        await using (var copied = await ServerStorage.OpenAsync(options, exclusive: true, static _ => { }))
        {
            Assert.Equal(made, await copied.KeyedAccounts.FindAsync("a@example.org", default));
            Assert.Equal(token with { Account = made.Account.Number }, (await copied.KeyedAccounts.FindTokenAsync("digest", new(1), default))!.Token);
            Assert.Single(await copied.KeyedAccounts.ListDevicesAsync(made.Account.Number, default));
            var first = Assert.Single(await copied.KeyedAccounts.ListCommandsAsync("id", 0, 10, new(1), default));
            Assert.True(await copied.KeyedAccounts.AddCommandAsync(made.Account.Number, "id", "next", 10, 1000, new(long.MaxValue), default));
            Assert.True((await copied.KeyedAccounts.ListCommandsAsync("id", first.Number + 1, 10, new(1), default)).Count == 1);
            Assert.Equal("key", Assert.Single(await copied.KeyedAccounts.ListServerKeysAsync(default)).Id);
        }

        await PostgresServer.DropDatabasesAsync([connection]);
        Directory.Delete(directory, recursive: true);
    }
}
