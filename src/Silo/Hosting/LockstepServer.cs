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
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.Health;
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
        builder.AddHttp(options, sockets);
        AddSettings(builder.Services, options, time);
        AddStorage(builder.Services, storage, decorate?.Invoke(storage.Buckets) ?? storage.Buckets);
        builder.Services
            .AddTelemetry(options.Telemetry, options.ShowsMetrics)
            .AddHealth()
            .AddAdministration(options, configuration, storage)
            .AddAccounts();
        AddGrains(builder, options, storage.Secret, time);
        if (options.HasApi)
        {
            AddProtocols(builder.Services, options, key, time);
        }

        var app = builder.Build();
        app.UseHttp(options);
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

    private static void AddSettings(IServiceCollection services, LockstepOptions options, TimeProvider time) => services
        .AddSingleton(time)
        .AddKeyedSingleton(KeyedService.AnyKey, TimeProvider.System)
        .AddSingleton(options)
        .AddSingleton(options.Http)
        .AddSingleton(options.Accounts)
        .AddSingleton(options.Kinto.WithOpenId(options.OpenId))
        .AddSingleton(options.Buckets);

    /// <param name="services">The services.</param>
    /// <param name="storage">The storage.</param>
    /// <param name="buckets">The store of buckets. One that is another port as well, as a decorator can be, stands in for that one too.</param>
    private static void AddStorage(IServiceCollection services, ServerStorage storage, IBucketStore buckets) => services
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
        .AddSingleton(new AccountSecret(storage.Secret));

    /// <summary>What is in grains, of this process or of others: the owners of buckets above all. Then what a process with owners does besides.</summary>
    private static void AddGrains(WebApplicationBuilder builder, LockstepOptions options, ReadOnlyMemory<byte> secret, TimeProvider time)
    {
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
                options.Cluster.FailoverWait, options.Accounts.ToLimits(), secret, time));

        if (options is { HasSilo: true, Sync15.GivesTokens: true })
        {
            builder.Services.AddReplacedStores(options.Sync15);
        }

        if (options is { HasSilo: true, Kinto.Push.IsOn: true })
        {
            builder.Services.AddPushNotices();
        }
    }

    /// <summary>The API.</summary>
    /// <param name="services">The services.</param>
    /// <param name="options">The settings.</param>
    /// <param name="key">The key of the accounts for Firefox; null if there are none.</param>
    /// <param name="time">The clock.</param>
    private static void AddProtocols(IServiceCollection services, LockstepOptions options, AccountKey? key, TimeProvider time)
    {
        services.AddAudit(options.Audit, options.Console.Enabled ? options.Console.AuditEvents : 0);
        services.AddOpenId(options.OpenId).AddKinto().AddSingleton(new UnownedReads(options.Buckets, time));
        if (options.Sync15.IsOn)
        {
            services.AddSync15(options.Sync15);
        }

        if (options.Sync15.GivesTokens)
        {
            services.AddTokenServer(options.Sync15, new Engine(options.Postgres.Connection is { Length: > 0 } ? "postgres" : "sqlite"));
        }

        if (options.Syncto.Enabled)
        {
            services.AddSyncto(options.Syncto, options.Sync15);
        }

        if (options.Console.Enabled)
        {
            services.AddConsole(options.Console, ConsoleFacts.Of(options));
        }

        if (key is not null)
        {
            services.AddFirefoxAccounts(options.FirefoxAccounts, key);
        }
        else if (options.Sync11.Enabled)
        {
            services.AddAccountMail(options.FirefoxAccounts);
        }

        if (options.Sync11.Enabled)
        {
            services
                .AddSingleton<IPairingChannels>(services => new GrainPairingChannels(
                    services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<Joined>().Task, options.Cluster.FailoverWait, time))
                .AddSync11(options.Sync11);
        }
    }

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
}
