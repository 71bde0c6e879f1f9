using Lockstep.Core.Assignments;
using Lockstep.Core.Time;
using Lockstep.Gateway.Protocol;
using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>Who gets a store that has none. Time only goes on, and each test has users of its own.</summary>
public sealed class AdmittanceTests(AdmittanceTests.Fixture fixture) : IClassFixture<AdmittanceTests.Fixture>
{
    private const string NewUsers = """{"status":"new-users-disabled","errors":[{"location":"body","name":"","description":"New users are not allowed"}]}""";
    private static readonly string Key = TokenServers.Key(100, "aa");

    private readonly FakeTime time = fixture.Time;
    private readonly TokenServers servers = fixture.Servers;
    private readonly string one = $"one-{Guid.NewGuid():N}";
    private readonly string another = $"another-{Guid.NewGuid():N}";

    /// <summary>A server that lets some in, with a clock that the tests move.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public Fixture() => Servers = new TokenServers(
            static options => options with
            {
                Registration = SyncRegistration.AllowList,
                Issuer = options.Issuer with { AllowedUsers = "alice, bob", AllowedEmails = "*@example.org, carol@example.com" },
            },
            Time);

        public FakeTime Time { get; } = new(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };

        public TokenServers Servers { get; }

        public Task InitializeAsync() => Servers.InitializeAsync();

        public Task DisposeAsync() => Servers.DisposeAsync();
    }

    [Fact]
    public async Task Registration_IsClosedByDefault_AndWhoIsKnownIsLetIn()
    {
        Assert.Equal(SyncRegistration.Closed, new Sync15Options().Registration);
        await using var own = new Owned(await TokenServers.StartAsync(static options => options with { Registration = SyncRegistration.Closed }));
        var answer = await own.Servers.AskAsync(own.Servers.Accounts.Opaque("alice"), Key);
        Assert.Equal((403, NewUsers), (answer.Status, answer.Text));

        Assert.NotNull(await own.Servers.Assignments.GiveAsync(
            own.Servers.User("alice"), null, new UserKeys(0, "aa", 100), 0, null, ServerTimestamp.Now(TimeProvider.System), CancellationToken.None));
        Assert.Equal(200, (await own.Servers.AskAsync(own.Servers.Accounts.Opaque("alice"), Key)).Status);
    }

    [Theory]
    [InlineData("alice", null, 200)]
    [InlineData("bob", "x@example.net", 200)]
    [InlineData("Alice", null, 403)]
    [InlineData("alice, bob", null, 403)]
    [InlineData("d", "Dora@Example.ORG", 200)]
    [InlineData("e", "carol@example.com", 200)]
    [InlineData("f", "carola@example.com", 403)]
    [InlineData("g", "g@example.org.example.net", 403)]
    [InlineData("h", null, 403)]
    public async Task AllowList_NamesAccountsAndAddresses(string user, string? email, int status) =>
        Assert.Equal(status, (await servers.AskAsync(servers.Accounts.Opaque(user, email: email), Key)).Status);

    [Fact]
    public async Task Address_ThatTheIssuerDoesNotVouchFor_IsNone()
    {
        var token = servers.Accounts.Signed("x", change: static claims => claims["email"] = "x@example.org");
        var verified = servers.Accounts.Signed("y", change: static claims => (claims["email"], claims["email_verified"]) = ("y@example.org", true));

        Assert.Equal(403, (await servers.AskAsync(token, Key)).Status);
        Assert.Equal(200, (await servers.AskAsync(verified, Key)).Status);
    }

    [Theory]
    [InlineData("/i/CODE/1.0/sync/1.5")]
    [InlineData("/token/i/CODE/1.0/sync/1.5")]
    public async Task Invitation_LetsItsFirstUserIn_AndNobodyElse_WithItsQuota(string path)
    {
        var code = await InviteAsync(days: 1, quota: 4096);
        var url = path.Replace("CODE", code, StringComparison.Ordinal);
        using var first = servers.Device(await servers.AskAsync(servers.Accounts.Opaque(one), Key, url));
        Assert.Equal("[0,4]", (await first.GetAsync("/info/quota")).AssertOk().Text);

        var second = await servers.AskAsync(servers.Accounts.Opaque(another), Key, url);
        Assert.Equal((403, NewUsers), (second.Status, second.Text));

        // By then they are known, and need it no more. It stays in their settings all the same.
        time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(first.Uid, (await servers.AskAsync(servers.Accounts.Opaque(one), Key)).Json.GetProperty("uid").GetInt64());
        Assert.Equal(first.Uid, (await servers.AskAsync(servers.Accounts.Opaque(one), Key, url)).Json.GetProperty("uid").GetInt64());
    }

    [Fact]
    public async Task Invitation_ThatRacesForTwo_IsOnes()
    {
        var code = await InviteAsync(days: 1);
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => servers.AskAsync(servers.Accounts.Opaque($"racer-{i}"), Key, $"/i/{code}/1.0/sync/1.5")));

        Assert.Single(answers, static answer => answer.Status == 200);
        Assert.Equal(5, answers.Count(static answer => answer.Status == 403));
    }

    [Fact]
    public async Task Invitation_ThatHasEnded_OrIsNone_OrIsForNobodyWhoSignedIn_LetsNobodyIn()
    {
        var code = await InviteAsync(days: 1);
        Assert.Equal(401, (await servers.AskAsync("nothing", Key, $"/i/{code}/1.0/sync/1.5")).Status);
        Assert.Equal(403, (await servers.AskAsync(servers.Accounts.Opaque("late"), Key, $"/i/{code[..^1]}/1.0/sync/1.5")).Status);
        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(403, (await servers.AskAsync(servers.Accounts.Opaque("late"), Key, $"/i/{code}/1.0/sync/1.5")).Status);
    }

    [Fact]
    public async Task Invitation_IsInNoLine_AndKeptNowhere()
    {
        using var watch = LogWatch.On(servers.Sync.Services);
        var code = await InviteAsync(days: 1);
        foreach (var (token, method) in new[] { ("nothing", "GET"), (servers.Accounts.Opaque(another), "GET"), (servers.Accounts.Opaque(another), "POST") })
        {
            await servers.AskAsync(token, Key, $"/i/{code}/1.0/sync/1.5?x=1", method);
        }

        Assert.DoesNotContain(watch.Above(LogLevel.Trace), line => line.Contains(code, StringComparison.Ordinal));
        Assert.NotEmpty(watch.Above(LogLevel.Trace));
        Assert.DoesNotContain(code, Assert.Single((await servers.Assignments.FindAsync(servers.User(another), CancellationToken.None))).ToString(), StringComparison.Ordinal);
        Assert.Equal(64, InvitationCode.DigestOf(code).Length);
        Assert.NotEqual(InvitationCode.New(), InvitationCode.New());
    }

    private async Task<string> InviteAsync(int days, long? quota = null)
    {
        var code = InvitationCode.New();
        await servers.Assignments.AddInvitationAsync(
            new Invitation(InvitationCode.DigestOf(code), "", quota, ServerTimestamp.Now(time).Plus((long)TimeSpan.FromDays(days).TotalMilliseconds), null), CancellationToken.None);
        return code;
    }
}
