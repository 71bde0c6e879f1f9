using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Silo.Hosting;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>Commands about users, beside a server that they come to. What a command line itself does is in tests/EndToEnd.</summary>
public sealed class UserCommandTests : IAsyncLifetime
{
    private static readonly string Key = TokenServers.Key(100, "aa");
    private TokenServers servers = null!;

    public async Task InitializeAsync() => servers = await TokenServers.StartAsync(static options => options with { Registration = SyncRegistration.AllowList });

    public Task DisposeAsync() => servers.DisposeAsync();

    [Fact]
    public async Task Invited_ComeInByTheUrlThatWasPrinted_AreListed_GetAQuota_AndAreRemoved()
    {
        var url = new Uri((await RunAsync(["invite"], ("--quota", "8192"))).Line);
        Assert.Equal(403, (await servers.AskAsync(servers.Accounts.Opaque("ann"), Key)).Status);
        using var device = servers.Device(await servers.AskAsync(servers.Accounts.Opaque("ann"), Key, url.AbsolutePath));
        Assert.Equal("[0,8]", (await device.GetAsync("/info/quota")).AssertOk().Text);
        Assert.Equal((0, $"{device.Uid} ann {servers.Accounts.Name} 0 8192 bytes"), await RunAsync(["users"]));

        Assert.Equal((0, "The quota of 'ann' is 2048 bytes from their next token on."), await RunAsync(["quota", "ann", "2048"], ("--issuer", servers.Accounts.Name)));
        using var next = servers.Device(await servers.AskAsync(servers.Accounts.Opaque("ann"), Key));
        Assert.Equal("[0,2]", (await next.GetAsync("/info/quota")).AssertOk().Text);
        Assert.Equal((0, "The quota of 'ann' is default from their next token on."), await RunAsync(["quota", "ann", "default"]));
        Assert.Equal((0, $"{device.Uid} ann {servers.Accounts.Name} 0 default"), await RunAsync(["users"]));

        Assert.Equal(0, (await RunAsync(["remove", "ann"])).Code);
        (await next.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertError(401, 0);
        Assert.Equal(401, (await servers.AskAsync(servers.Accounts.Opaque("ann"), Key, url.AbsolutePath)).Status);
        Assert.Equal((0, ""), await RunAsync(["users"]));
        Assert.Equal(1, (await RunAsync(["remove", "ann"])).Code);
        Assert.All(await servers.Assignments.FindAsync(servers.User("ann"), CancellationToken.None), static store => Assert.True(store is { IsRetired: true, IsClosed: true }));
    }

    [Fact]
    public async Task Invitation_ThatIsTakenBack_LetsNobodyIn()
    {
        var url = new Uri((await RunAsync(["invite"], ("--note", "for Ann"))).Line);
        var listed = (await RunAsync(["invitations"])).Line;
        Assert.EndsWith(" default for Ann", listed, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync(["uninvite", listed[..16]])).Code);

        Assert.Equal(403, (await servers.AskAsync(servers.Accounts.Opaque("ann"), Key, url.AbsolutePath)).Status);
        Assert.Equal((0, ""), await RunAsync(["invitations"]));
    }

    private async Task<(int Code, string Line)> RunAsync(string[] command, params (string Name, string Value)[] own)
    {
        await using var output = new StringWriter();
        var code = await SyncCommands.RunAsync(command, own.ToDictionary(static option => option.Name, static option => option.Value, StringComparer.Ordinal), servers.Sync.Options, output);
        return (code, output.ToString().Trim());
    }
}
