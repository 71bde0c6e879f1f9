using Lockstep.Core.Storage;
using Lockstep.Silo.Hosting;
using Lockstep.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Lockstep.Gateway.Protocol;

/// <summary>What serves the protocol in these tests: here one process.</summary>
internal sealed class KintoHost : IAsyncDisposable
{
    private static readonly IConfiguration Quiet = new ConfigurationBuilder().AddInMemoryCollection(LogWatch.Settings).Build();

    private readonly ServerStorage storage;
    private readonly WebApplication app;

    private KintoHost(ServerStorage storage, WebApplication app)
    {
        this.storage = storage;
        this.app = app;
    }

    public Uri Address => new(app.Urls.First());

    public IServiceProvider Services => app.Services;

    /// <param name="options">Its settings, with a database that nobody else uses.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="decorate">Wraps the bucket store; null for none.</param>
    /// <param name="silos">How many there are in a cluster; here is one process.</param>
    public static async Task<KintoHost> StartAsync(LockstepOptions options, TimeProvider time, Func<IBucketStore, IBucketStore>? decorate, int silos)
    {
        _ = silos;

        // On PostgreSQL others could join it.
        var ports = FreePorts.Take(2);
        options = options with { Cluster = options.Cluster with { SiloPort = ports[0], GatewayPort = ports[1], DepartureTime = TimeSpan.Zero } };
        var opened = await ServerStorage.OpenAsync(options, exclusive: true, static _ => { });
        var server = LockstepServer.Build(options, Quiet, opened, time, decorate);
        await server.StartAsync();
        return new KintoHost(opened, server);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        await storage.DisposeAsync();
    }
}
