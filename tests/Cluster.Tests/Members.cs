using Lockstep.Core.Storage;
using Lockstep.Silo.Hosting;
using Lockstep.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Lockstep.Cluster.Tests;

/// <summary>Members of a cluster as they are shipped, all in this process, each connected to the database by itself.</summary>
internal sealed class Members : IAsyncDisposable
{
    private static readonly IConfiguration Quiet = new ConfigurationBuilder()
        .AddInMemoryCollection([KeyValuePair.Create("Logging:LogLevel:Default", (string?)"None")]).Build();

    private readonly Dictionary<WebApplication, ServerStorage> running = [];

    /// <summary>Starts one more, on ports of its own. None of these waits before it stops, unless asked to: few tests have requests then.</summary>
    public async Task<WebApplication> AddAsync(
        LockstepOptions options,
        TimeProvider? time = null,
        Func<IBucketStore, IBucketStore>? decorate = null,
        TimeSpan departureTime = default,
        IConfiguration? configuration = null,
        CancellationToken cancellationToken = default)
    {
        var ports = FreePorts.Take(2);
        options = options with { Cluster = options.Cluster with { SiloPort = ports[0], GatewayPort = ports[1], DepartureTime = departureTime } };
        var storage = await ServerStorage.OpenAsync(options, exclusive: true, static _ => { });
        var app = LockstepServer.Build(options, configuration ?? Quiet, storage, time ?? TimeProvider.System, decorate);
        running.Add(app, storage);
        await app.StartAsync(cancellationToken);
        return app;
    }

    /// <summary>As a signal would.</summary>
    public async Task StopAsync(WebApplication app)
    {
        running.Remove(app, out var storage);
        await app.StopAsync();
        await app.DisposeAsync();
        await storage!.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(running.Keys.ToList().Select(StopAsync));
}
