using System.Security.Cryptography;
using Lockstep.Gateway.Sync15.Tests;
using Lockstep.Gateway.Sync15.Tests.TokenServer;
using Lockstep.Silo.Hosting;
using AccountServer = Lockstep.Gateway.Sync15.Tests.TokenServer.AccountServer;

namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>A server with Syncto, where bookmarks, tabs and a few more can be written, and the account server whose users it takes.</summary>
public sealed class SynctoServers : IAsyncLifetime
{
    private static int lastUser;

    private readonly TokenServers servers;

    public SynctoServers()
        : this(options => options)
    {
    }

    internal SynctoServers(
        Func<SynctoOptions, SynctoOptions> configure, TimeProvider? time = null, Func<LockstepOptions, LockstepOptions>? configureServer = null) =>
        servers = new TokenServers(
            static options => options,
            time,
            options => (configureServer ?? (static all => all))(options with
            {
                Syncto = configure(new SynctoOptions { Enabled = true, PutEnabled = "bookmarks, tabs,a,history", DeleteEnabled = "bookmarks,a" }),
            }));

    public AccountServer Accounts => servers.Accounts;

    public SyncServer Sync => servers.Sync;

    internal TokenServers Tokens => servers;

    public Uri Address => servers.Sync.Address;

    internal static async Task<SynctoServers> StartAsync(
        Func<SynctoOptions, SynctoOptions>? configure = null, TimeProvider? time = null, Func<LockstepOptions, LockstepOptions>? configureServer = null)
    {
        var started = new SynctoServers(configure ?? (static options => options), time, configureServer);
        await started.InitializeAsync();
        return started;
    }

    public Task InitializeAsync() => servers.InitializeAsync();

    public Task DisposeAsync() => servers.DisposeAsync();

    /// <summary>Somebody whom nobody else is: with a storage, which a device of Sync has opened.</summary>
    public async Task<SynctoUser> NewUserAsync()
    {
        var name = $"user{Interlocked.Increment(ref lastUser)}";
        var state = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var device = await servers.DeviceAsync(name, 1_000, 1_000, state);
        return new SynctoUser(name, state, device, new SynctoClient(Address, servers.Accounts.Signed(name, 1_000), state));
    }
}

/// <param name="Name">At the account server.</param>
/// <param name="State">The fingerprint of their key.</param>
/// <param name="Device">As Firefox comes.</param>
/// <param name="Syncto">As a page comes.</param>
public sealed record SynctoUser(string Name, string State, SyncClient Device, SynctoClient Syncto) : IDisposable
{
    public void Dispose()
    {
        Device.Dispose();
        Syncto.Dispose();
    }
}
