using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Health;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Pipeline;
using Lockstep.Silo.Telemetry;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;

namespace Lockstep.Silo.Hosting;

/// <summary>The parts of a server: what every process has, owners, the API; and the single-node server, which has them all.</summary>
internal static class LockstepServer
{
    /// <summary>Puts a single-node server together; nothing listens yet.</summary>
    /// <param name="options">Checked settings.</param>
    /// <param name="configuration">For the logging section.</param>
    /// <param name="storage">Held open by the caller for as long as the server runs.</param>
    /// <param name="time">The clock.</param>
    /// <param name="decorate">Wraps the bucket store; tests put faults there. Null for none.</param>
    public static WebApplication Build(
        LockstepOptions options,
        IConfiguration configuration,
        ServerStorage storage,
        TimeProvider time,
        Func<IBucketStore, IBucketStore>? decorate = null)
    {
        var builder = CreateBuilder(options, configuration, storage, time, decorate);
        builder.Services
            .AddOwners()
            .AddSingleton<IBuckets>(static services => services.GetRequiredService<InProcessBuckets>())
            .AddSingleton<ISignInThrottle>(static services => new InProcessSignInThrottle(
                services.GetRequiredService<AccountOptions>().ToLimits(), services.GetRequiredService<TimeProvider>()))
            .AddApi();
        var app = CreateApplication(builder, options);
        app.MapProtocols(options.Telemetry.IsOn);
        app.Lifetime.ApplicationStarted.Register(() => StartupReport.Write(app, options, storage.Description));
        return app;
    }

    /// <summary>What every process has, whatever its role: settings, logging, an HTTP listener, storage, accounts, health.</summary>
    public static WebApplicationBuilder CreateBuilder(
        LockstepOptions options,
        IConfiguration configuration,
        ServerStorage storage,
        TimeProvider time,
        Func<IBucketStore, IBucketStore>? decorate = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddConfiguration(configuration);

        // :: Logging
        builder.Logging.AddConfiguration(configuration.GetSection("Logging"));
        // A start that fails is told by the program, in one line.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        if (options.LogFormat is "json" || (options.LogFormat is "auto" && Console.IsOutputRedirected))
        {
            builder.Logging.AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"));
        }
        else
        {
            builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        }

        // A log that nobody reads, a full pipe, must not hold up requests: what does not fit is dropped, and counted in the log.
        builder.Services.Configure<ConsoleLoggerOptions>(static console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite);

        // :: HTTP
        builder.WebHost.UseKestrelCore().UseUrls(options.Urls);
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options.Http));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);

        // :: Services
        // A decorator that is another port as well stands in for that one too.
        var buckets = decorate?.Invoke(storage.Buckets) ?? storage.Buckets;
        builder.Services
            .AddSingleton(time)
            .AddSingleton(options)
            .AddSingleton(options.Http)
            .AddSingleton(options.Accounts)
            .AddSingleton(options.Kinto)
            .AddSingleton(buckets)
            .AddSingleton(buckets as IBucketIndex ?? storage.Index)
            .AddSingleton(buckets as IStoreMaintenance ?? storage.Maintenance)
            .AddSingleton(storage.Accounts)
            .AddSingleton(new AccountSecret(storage.Secret))
            .AddTelemetry(options.Telemetry)
            .AddSingleton<Drain>()
            .AddHealth()
            .AddAccounts();
        return builder;
    }

    /// <summary>Owners of buckets in this process, and what nobody waits for.</summary>
    public static IServiceCollection AddOwners(this IServiceCollection services) => services
        .AddSingleton<OwnerFaults>()
        .AddSingleton(static services => new InProcessBuckets(
            services.GetRequiredService<IBucketStore>(),
            services.GetRequiredService<LockstepOptions>().Buckets,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<OwnerFaults>().Report))
        .AddSingleton(static services => new TombstoneSweep(
            services.GetRequiredService<IBucketIndex>(),
            services.GetRequiredService<IBuckets>(),
            services.GetRequiredService<LockstepOptions>().Buckets,
            services.GetRequiredService<TimeProvider>()))
        .AddHostedService<Housekeeping>();

    /// <summary>What the protocols need, over whichever <see cref="IBuckets"/> is registered.</summary>
    public static IServiceCollection AddApi(this IServiceCollection services) => services.AddKinto();

    /// <summary>The pipeline, with the health endpoints and without a protocol.</summary>
    public static WebApplication CreateApplication(WebApplicationBuilder builder, LockstepOptions options)
    {
        var app = builder.Build();
        if (options.Http.TrustedProxies.Length > 0)
        {
            app.UseForwardedHeaders(Forwarded(options.Http));
        }

        if (options.Http.PathBase is { } pathBase)
        {
            app.UsePathBase(pathBase);
        }

        app.UseHealth();
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<Drain>().Run);
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, HttpOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = options.MaxRequestBytes;

        // Ours are a quarter of these and answer in the protocol's shape; these only stop what is far beyond.
        limits.MaxRequestLineSize = options.MaxHeaderBytes * 4;
        limits.MaxRequestHeadersTotalSize = options.MaxHeaderBytes * 4;
        limits.MaxRequestBufferSize = Math.Max(1 << 20, options.MaxHeaderBytes * 8);
        limits.MaxRequestHeaderCount = 1000;
        limits.MinRequestBodyDataRate = options.MinBodyBytesPerSecond > 0
            ? new MinDataRate(options.MinBodyBytesPerSecond, TimeSpan.FromSeconds(5))
            : null;
    }

    private static ForwardedHeadersOptions Forwarded(HttpOptions options)
    {
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All, ForwardLimit = null };
        forwarded.KnownIPNetworks.Clear();
        forwarded.KnownProxies.Clear();
        foreach (var network in LockstepSettings.Networks(options.TrustedProxies))
        {
            forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
        }

        return forwarded;
    }
}
