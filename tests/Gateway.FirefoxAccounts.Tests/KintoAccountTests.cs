using System.Text;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Accounts of Firefox and Kinto's API for accounts beside each other.</summary>
public sealed class KintoAccountTests : IClassFixture<KintoAccountTests.Fixture>
{
    private readonly AccountsServer server;

    public KintoAccountTests(Fixture fixture) => server = fixture.Server;

    [Fact]
    public async Task AppPassword_OfAnAdministrator_AdministersNothing()
    {
        var root = new Person(server, "root@example.org");
        await root.SignUpAsync();
        var app = (await root.PostAsync("/account/app_passwords", new { name = "x", authPW = root.AuthPw })).Ok();
        var basic = Basic(app.String("user"), app.String("password"));
        Assert.Equal(201, (await root.Client.SendAsync("PUT", "/v1/accounts/alice", """{"data":{"password":"s3cr3t"}}""")).Status);
        Assert.Equal(200, (await root.Client.GetAsync("/v1/buckets", basic)).Status);

        Assert.Equal(403, (await root.Client.SendAsync("DELETE", "/v1/accounts/alice", null, basic)).Status);
        Assert.Equal(403, (await root.Client.SendAsync("PATCH", "/v1/accounts/alice", """{"data":{"password":"another1"}}""", basic)).Status);
        Assert.Equal(401, (await root.Client.GetAsync("/v1/accounts", basic)).Status);
        Assert.Equal(200, (await root.Client.GetAsync("/v1/buckets", Basic("alice", "s3cr3t"))).Status);
    }

    [Fact]
    public async Task Password_OfAFirefoxAccount_IsNotSetThroughKinto_NotEvenByAnAdministrator()
    {
        var person = await server.NewPersonAsync();
        var path = "/v1/accounts/" + person.Email.ToLowerInvariant();
        await person.Client.SendAsync("PUT", "/v1/accounts/admin", """{"data":{"password":"s3cr3t"}}""");
        var admin = Basic("admin", "s3cr3t");
        Assert.Equal(200, (await person.Client.GetAsync(path, admin)).Status);

        foreach (var method in new[] { "PUT", "PATCH" })
        {
            Assert.InRange((await person.Client.SendAsync(method, path, """{"data":{"password":"another1"}}""", admin)).Status, 400, 403);
        }

        await person.KeyAsync();
        Assert.Equal(401, (await person.Client.GetAsync(path, Basic(person.Email.ToLowerInvariant(), "another1"))).Status);
    }

    private static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    public sealed class Fixture : IAsyncLifetime
    {
        public AccountsServer Server { get; } = new(options => options with { Accounts = options.Accounts with { Administrators = "account:root@example.org, account:admin" } });

        public Task InitializeAsync() => Server.InitializeAsync();

        public Task DisposeAsync() => Server.DisposeAsync();
    }
}
