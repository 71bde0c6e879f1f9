using Lockstep.Gateway.Health;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Lockstep.Silo.Hosting;

/// <summary>Adds what serves HTTP in front of all protocols: where it listens, its limits, whom it believes about addresses, and how it stops.</summary>
internal static class HttpServices
{
    public static void AddHttp(this WebApplicationBuilder builder, LockstepOptions options, PassedSockets sockets)
    {
        builder.WebHost.UseKestrelCore();
        if (sockets.Handles.Count == 0)
        {
            builder.WebHost.UseUrls(options.Urls);
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Configure(kestrel, options.Http);
            kestrel.ConfigureEndpointDefaults(endpoint =>
            {
                endpoint.Use(kestrel.ApplicationServices.GetRequiredService<OpenConnections>().Count);
                if (options.HasApi)
                {
                    endpoint.UseShortSendQueues();
                    endpoint.UseProtocolRefusals();
                    endpoint.UseHeaderMemory();
                }
            });
            foreach (var handle in sockets.Handles)
            {
                kestrel.ListenHandle(handle);
            }
        });
        var listeners = new Listeners();
        builder.WebHost.UseSockets(transport => transport.CreateBoundListenSocket = listeners.Bind);
        builder.Services
            .AddSingleton(listeners)
            .AddSingleton<Drain>()
            .AddSingleton<OpenConnections>()
            .AddSingleton<OrderlyStop>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
    }

    /// <summary>The pipeline in front of all protocols, with the health endpoints.</summary>
    public static void UseHttp(this WebApplication app, LockstepOptions options)
    {
        if (options.Http.TrustedProxies.Length > 0)
        {
            app.UseForwardedHeaders(Forwarded(options.Http));
        }

        app.UsePathPrefixes(options.Http.PathBases());
        app.UseHealth();

        // Resolved now: a server that is told to stop while it starts may have disposed of its services by then.
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<OrderlyStop>().Run);
    }

    private static void Configure(KestrelServerOptions kestrel, HttpOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = options.MaxRequestBytes;

        // Our own limits are a quarter of these, and refuse in the protocol's shape. These only stop what is far beyond.
        limits.MaxRequestLineSize = options.MaxHeaderBytes * 4;
        limits.MaxRequestHeadersTotalSize = options.MaxHeaderBytes * 4;
        limits.MaxRequestBufferSize = Math.Max(256 << 10, options.MaxHeaderBytes * 8);
        limits.MaxRequestHeaderCount = 1000;
        limits.MinRequestBodyDataRate = options.MinBodyBytesPerSecond > 0
            ? new MinDataRate(options.MinBodyBytesPerSecond, TimeSpan.FromSeconds(5))
            : null;
    }

    private static ForwardedHeadersOptions Forwarded(HttpOptions options)
    {
        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.All,
            ForwardLimit = null,
            ForwardedForHeaderName = options.ForwardedForHeader,
            ForwardedProtoHeaderName = options.ForwardedProtoHeader,
        };
        forwarded.KnownIPNetworks.Clear();
        forwarded.KnownProxies.Clear();
        foreach (var network in LockstepSettings.Networks(options.TrustedProxies))
        {
            forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
        }

        return forwarded;
    }
}
