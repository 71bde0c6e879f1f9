using System.Text.RegularExpressions;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.EndToEnd;

/// <summary>The command line: users of Firefox Sync, their invitations and nodes.</summary>
public sealed class SyncCommandTests : IAsyncLifetime
{
    private static readonly string[] Settings =
    [
        "--sync15:token-secrets", "a secret of these tests that is long enough", "--sync15:issuer:name", "https://accounts.example.org",
        "--sync15:issuer:verify-url", "http://127.0.0.1:1/v1/verify",
    ];

    private TestStorage storage = null!;

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync() => await storage.DisposeAsync();

    [Fact]
    public async Task Invitations_AreMadeListedAndTakenBack_AlsoBesideARunningServer()
    {
        Assert.Equal(1, (await SyncAsync("invite")).Code);
        var (server, address) = await ServerProcess.StartAsync(storage, [.. Settings, "--sync15:registration", "AllowList"]);
        using (server)
        {
            var invited = await SyncAsync("invite", "--note", "for Ann", "--quota", "1000", "--days", "3", "--sync15:registration", "allowlist", "--http:public-url", "https://sync.example.org/firefox/");
            Assert.Equal(0, invited.Code);
            var code = Regex.Match(invited.Output, "^https://sync[.]example[.]org/firefox/i/([A-Za-z0-9_-]{27})/1[.]0/sync/1[.]5$").Groups[1].Value;
            Assert.NotEmpty(code);

            var listed = await SyncAsync("invitations");
            Assert.Matches("^[0-9a-f]{16} [0-9-]{10}T[0-9:]{8}Z 1000 bytes for Ann$", listed.Output);
            Assert.DoesNotContain(code, listed.Output, StringComparison.Ordinal);
            Assert.Equal(1, (await SyncAsync("uninvite", "0000000000000000")).Code);
            Assert.Equal((0, "The invitation is taken back."), await SyncAsync("uninvite", listed.Output[..16]));
            Assert.Equal((0, ""), await SyncAsync("invitations"));

            using var http = new HttpClient();
            Assert.Equal(401, (int)(await http.GetAsync(new Uri(address, $"/i/{code}/1.0/sync/1.5"))).StatusCode);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
            Assert.Contains($"TokenServer at {address}1.0/sync/1.5, for accounts of https://accounts.example.org. Registration of new users: AllowList", server.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(code, server.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Nodes_AreAddedDrainedPutDownAndRemoved()
    {
        Assert.Equal((0, ""), await SyncAsync("node", "list"));
        Assert.Equal((0, "Node https://a.example.org takes 100 users."), await SyncAsync("node", "add", "https://a.example.org/", "100"));
        Assert.Equal(0, (await SyncAsync("node", "drain", "https://a.example.org")).Code);
        Assert.Equal((0, "1 https://a.example.org 0 of 100, 0 released, draining"), await SyncAsync("node", "list"));
        Assert.Equal((0, "Node https://a.example.org takes no new users."), await SyncAsync("node", "down", "https://a.example.org"));
        Assert.Equal((0, "1 https://a.example.org 0 of 100, 0 released, down, draining"), await SyncAsync("node", "list"));
        Assert.Equal((0, "Node https://a.example.org takes 50 users."), await SyncAsync("node", "add", "https://a.example.org", "50"));
        Assert.Equal(1, (await SyncAsync("node", "drain", "https://b.example.org")).Code);
        Assert.Equal(0, (await SyncAsync("node", "remove", "https://a.example.org")).Code);
        Assert.Equal((1, "There is no node https://a.example.org."), await SyncAsync("node", "remove", "https://a.example.org"));
    }

    [Fact]
    public async Task Users_WhoAreNotThere_AreToldSo()
    {
        Assert.Equal((0, ""), await SyncAsync("users"));
        Assert.Equal((1, "There is no user 'a1b2' of 'https://accounts.example.org'."), await SyncAsync("quota", "a1b2", "1000"));
        Assert.Equal((1, "There is no user 'a1b2' of 'https://accounts.example.com'."), await SyncAsync("quota", "a1b2", "default", "--issuer", "https://accounts.example.com"));
        Assert.Equal((1, "There is no user 'a1b2' of 'https://accounts.example.org'."), await SyncAsync("remove", "a1b2"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("fly")]
    [InlineData("invite now")]
    [InlineData("invite --quota much")]
    [InlineData("invite --days 0")]
    [InlineData("invite --issuer x")]
    [InlineData("users --note x")]
    [InlineData("quota a1b2")]
    [InlineData("quota a1b2 -1")]
    [InlineData("uninvite abc")]
    [InlineData("node add nowhere 10")]
    [InlineData("node add https://a.example.org 0")]
    public async Task Command_ThatIsMisunderstood_SaysWhatThereIs(string words)
    {
        var (code, output) = await SyncAsync(words.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(2, code);
        Assert.Contains("sync invite [--note TEXT]", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invitation_WhereSync11AloneTakesAny_IsACode()
    {
        var (code, output) = await SyncAsync("invite", "--quota", "1000", "--sync11:enabled", "true", "--sync11:registration", "invitation");

        Assert.Equal(0, code);
        Assert.Matches("^[A-Za-z0-9_-]{27}$", output);
    }

    [Fact]
    public async Task Option_WithoutItsValue_IsToldSo()
    {
        var (code, output) = await ServerProcess.RunAsync(["sync", "invite", "--note"], environment: storage.Environment);

        Assert.Equal((1, "'--note' needs a value: --note VALUE."), (code, output.Trim()));
    }

    [Theory]
    [InlineData("Sync15:Issuer has no way to verify tokens", "--sync15:issuer:name", "https://accounts.example.org")]
    [InlineData("Sync15:Issuer:Name is not set", "--sync15:issuer:verify-url", "https://accounts.example.org/v1/verify")]
    [InlineData("Sync15:Issuer:JwksUrl is 'http://accounts.example.org/jwks'. Use a URL with https", "--sync15:issuer:name", "x", "--sync15:issuer:jwks-url", "http://accounts.example.org/jwks")]
    [InlineData("Sync15:Issuer:KeysFile is '/nonexistent'", "--sync15:issuer:name", "x", "--sync15:issuer:keys-file", "/nonexistent")]
    [InlineData("Sync15:Issuers:1:Name is not set", "--sync15:issuer:name", "https://accounts.firefox.com", "--sync15:issuers:2:name", "x")]
    [InlineData("More than one account server has a VerifyUrl", "--sync15:issuer:name", "https://accounts.firefox.com", "--sync15:issuers:1:name", "x", "--sync15:issuers:1:verify-url", "https://x.example.org/v1/verify")]
    [InlineData("Two account servers have the name 'https://accounts.firefox.com'", "--sync15:issuer:name", "https://accounts.firefox.com", "--sync15:issuers:1:name", "https://accounts.firefox.com")]
    [InlineData("Sync15:Proxy is no URL", "--sync15:proxy", "user:secret")]
    [InlineData("Sync15:Registration is 7", "--sync15:registration", "7")]
    public async Task Setting_ThatCannotBe_StopsTheStart_WithAMessageThatNamesIt(string message, params string[] settings)
    {
        var (code, output) = await ServerProcess.RunAsync(
            ["--data-directory", storage.Directory, "--sync15:token-secrets", "a secret of these tests that is long enough", .. settings], environment: storage.Environment);

        Assert.Equal(1, code);
        Assert.Contains(message, output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output)> SyncAsync(params string[] command)
    {
        var (code, output) = await ServerProcess.RunAsync(["sync", .. command, "--data-directory", storage.Directory, .. Settings], environment: storage.Environment);
        return (code, output.Trim());
    }
}
