using Lockstep.Core.Accounts;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Owner;
using Lockstep.Core.Pairing;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Console;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.Health;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Kinto.Attachments;
using Lockstep.Gateway.Kinto.History;
using Lockstep.Gateway.Kinto.Push;
using Lockstep.Gateway.Kinto.Schemas;
using Lockstep.Gateway.OpenId;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Sync11;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Gateway.Syncto;
using Lockstep.Grains;
using Lockstep.Silo.Administration;
using Lockstep.Silo.Cluster;
using Lockstep.Silo.Logging;
using Lockstep.Silo.Telemetry;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;

namespace Lockstep.Silo.Hosting;

/// <summary>A server, put together from its parts by its role.</summary>
internal static class LockstepServer
{
    /// <summary>Puts a server together; nothing listens and nothing joins yet.</summary>
    /// <param name="options">Checked settings.</param>
    /// <param name="configuration">For the logging section.</param>
    /// <param name="storage">Held open by the caller for as long as the server runs.</param>
    /// <param name="time">The clock of everything here except Orleans, which uses the system's: by a clock that stands still, silos would take each other for dead.</param>
    /// <param name="decorate">Wraps the bucket store; tests put faults there. Null for none.</param>
    /// <param name="sockets">Sockets to listen on instead of new ones; null or none to listen where the settings say.</param>
    public static WebApplication Build(
        LockstepOptions options,
        IConfiguration configuration,
        ServerStorage storage,
        TimeProvider time,
        Func<IBucketStore, IBucketStore>? decorate = null,
        PassedSockets? sockets = null)
    {
        sockets ??= PassedSockets.None;
        var key = AccountServer.ReadKey(options);
        options = AccountServer.Complete(options, key);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddConfiguration(configuration);
        var levels = new LogLevelFile(Path.Combine(AppContext.BaseDirectory, SettingSources.FileName), configuration);
        AddLogging(builder.Logging, levels, options);
        builder.Services.AddSingleton(levels).AddHostedService<LogLevelReload>();
        AddHttp(builder, options, sockets);

        // :: What every role has. A decorator that is another port as well stands in for that one too.
        var buckets = decorate?.Invoke(storage.Buckets) ?? storage.Buckets;
        builder.Services
            .AddSingleton(time)
            .AddKeyedSingleton(KeyedService.AnyKey, TimeProvider.System)
            .AddSingleton(options)
            .AddSingleton(options.Http)
            .AddSingleton(options.Accounts)
            .AddSingleton(options.Kinto.WithOpenId(options.OpenId))
            .AddSingleton(options.Buckets)
            .AddSingleton(buckets)
            .AddSingleton(buckets as IBucketIndex ?? storage.Index)
            .AddSingleton(buckets as IStoreMaintenance ?? storage.Maintenance)
            .AddSingleton(storage.Accounts)
            .AddSingleton(storage.Administrators)
            .AddSingleton(storage.Sessions)
            .AddSingleton(storage.Assignments)
            .AddSingleton(storage.KeyedAccounts)
            .AddSingleton(storage.Logins)
            .AddSingleton(storage.Quotas)
            .AddSingleton(storage.Push)
            .AddSingleton(storage.Attachments)
            .AddSingleton(storage.Content)
            .AddSingleton(new AccountSecret(storage.Secret))
            .AddTelemetry(options.Telemetry, options.ShowsMetrics)
            .AddHealth()
            .AddAdministration(options, configuration, storage)
            .AddAccounts();

        // :: Owners: in this process or elsewhere, in grains in any case
        if (options.HasSilo)
        {
            builder.AddSilo(options);
        }
        else
        {
            builder.AddClient(options, time);
        }

        builder.Services
            .AddHostedService<HeapReturn>()
            .AddSingleton<LostCalls>()
            .AddSingleton(new SiloDeaths(time))
            .AddSingleton<IBuckets>(services => new GrainBuckets(
                services.GetRequiredService<Func<BucketId, IGrainFactory>>(), services.GetService<LocalOwners>(), services.GetRequiredService<Joined>().Task,
                options.Cluster.FailoverWait, services.GetRequiredService<SiloDeaths>(), services.GetRequiredService<LostCalls>(), time,
                services.GetRequiredService<ILogger<GrainBuckets>>()))
            .AddSingleton<ILiveFeed>(services => options.IsAlone
                ? services.GetRequiredService<InProcessBuckets>().Feed
                : new GrainFeed(services.GetRequiredService<Func<BucketId, IGrainFactory>>(), services.GetRequiredService<Joined>().Task, services.GetRequiredService<SiloDeaths>()))
            .AddSingleton<ISignInThrottle>(services => new GrainSignInThrottle(
                services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<Joined>().Task,
                options.Cluster.FailoverWait, options.Accounts.ToLimits(), storage.Secret, time));

        if (options is { HasSilo: true, Sync15.GivesTokens: true })
        {
            builder.Services.AddReplacedStores(options.Sync15);
        }

        if (options is { HasSilo: true, Kinto.Push.IsOn: true })
        {
            builder.Services.AddPushNotices();
        }

        // :: The API
        if (options.HasApi)
        {
            builder.Services.AddAudit(options.Audit, options.Console.Enabled ? options.Console.AuditEvents : 0);
            builder.Services.AddOpenId(options.OpenId).AddKinto().AddSingleton(new UnownedReads(options.Buckets, time));
            if (options.Sync15.IsOn)
            {
                builder.Services.AddSync15(options.Sync15);
            }

            if (options.Sync15.GivesTokens)
            {
                builder.Services.AddTokenServer(options.Sync15, new Engine(options.Postgres.Connection is { Length: > 0 } ? "postgres" : "sqlite"));
            }

            if (options.Syncto.Enabled)
            {
                builder.Services.AddSyncto(options.Syncto, options.Sync15);
            }

            if (options.Console.Enabled)
            {
                builder.Services.AddConsole(options.Console, ConsoleFacts.Of(options));
            }

            if (key is not null)
            {
                builder.Services.AddFirefoxAccounts(options.FirefoxAccounts, key);
            }
            else if (options.Sync11.Enabled)
            {
                builder.Services.AddAccountMail(options.FirefoxAccounts);
            }

            if (options.Sync11.Enabled)
            {
                builder.Services
                    .AddSingleton<IPairingChannels>(services => new GrainPairingChannels(
                        services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<Joined>().Task, options.Cluster.FailoverWait, time))
                    .AddSync11(options.Sync11);
            }
        }

        var app = builder.Build();
        UseHttp(app, options);
        if (options.HasApi)
        {
            app.MapProtocols(options.Telemetry.IsOn || options.Telemetry.SendsStatsd || options.ShowsMetrics);
        }

        app.Lifetime.ApplicationStarted.Register(() => StartupReport.Write(app, sockets.Urls.Count > 0 ? sockets.Urls : app.Urls, options, storage.Description));
        return app;
    }

    /// <summary>Registers the owners of buckets in this process, and housekeeping.</summary>
    public static IServiceCollection AddOwners(this IServiceCollection services) => services
        .AddSingleton(static services => new InProcessPairingChannels(services.GetRequiredService<LockstepOptions>().Sync11.Pairing.ToLimits(), services.GetRequiredService<TimeProvider>()))
        .AddSingleton<OwnerFaults>()
        .AddSingleton(static services => new InProcessBuckets(
            services.GetRequiredService<IBucketStore>(),
            services.GetRequiredService<LockstepOptions>().Buckets,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<OwnerFaults>().Report,
            services.GetRequiredService<LockstepOptions>().Kinto.Schemas is { Enabled: true } schemas ? new SchemaRules(schemas) : null,
            services.GetService<IBucketIndex>(),
            services.GetRequiredService<LockstepOptions>().Kinto.History is { Enabled: true } history ? new HistoryForm(history) : null,
            new IndexDeclarations(services.GetRequiredService<LockstepOptions>().Kinto.MaxIndexes),
            services.GetRequiredService<LockstepOptions>().Kinto.Attachments.Enabled ? new FileNames() : null))
        .AddSingleton(static services => new TombstoneSweep(
            services.GetRequiredService<IBucketIndex>(),
            services.GetRequiredService<IBuckets>(),
            services.GetRequiredService<LockstepOptions>().Buckets,
            services.GetRequiredService<TimeProvider>()))
        .AddSingleton<ExpirySweep>()
        .AddSingleton(static services => new AttachmentSweep(
            services.GetRequiredService<IAttachmentStore>(),
            services.GetRequiredService<IAttachmentContent>(),
            services.GetRequiredService<IBuckets>(),
            services.GetRequiredService<LockstepOptions>().Kinto.Attachments is { Enabled: true } attachments ? attachments.CollectTime : TimeSpan.Zero,
            services.GetRequiredService<TimeProvider>()))
        .AddHostedService<QuotaRefresh>()
        .AddHostedService<Housekeeping>();

    private static void AddLogging(ILoggingBuilder logging, LogLevelFile levels, LockstepOptions options)
    {
        logging.AddConfiguration(levels.Levels);

        // A start that fails is told by the program, in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);

        // Its lines have whole paths in them, and in a path there can be an invitation's code. Off altogether: where any level is on, each request gets
        // an activity and a scope of the log that nothing here shows.
        // Said of the console by name as well, since what the settings say of it by name would go first.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.AddFilter<ConsoleLoggerProvider>("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        if (options.LogFormat is "json" || (options.LogFormat is "auto" && Console.IsOutputRedirected))
        {
            logging.AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"));
        }
        else
        {
            logging.AddSimpleConsole(console => console.SingleLine = true);
        }

        // A log that nobody reads, a full pipe, must not hold up requests: what does not fit is dropped, and counted in the log.
        logging.Services.Configure<ConsoleLoggerOptions>(static console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite);
    }

    private static void AddHttp(WebApplicationBuilder builder, LockstepOptions options, PassedSockets sockets)
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
    private static void UseHttp(WebApplication app, LockstepOptions options)
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
