namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>Servers of one test alone.</summary>
internal sealed class Owned(TokenServers servers) : IAsyncDisposable
{
    public TokenServers Servers => servers;

    public async ValueTask DisposeAsync() => await servers.DisposeAsync();
}
