using System.Net;
using Lockstep.Core.Accounts;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Owner;
using Lockstep.Core.Push;
using Lockstep.Core.Quotas;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Health;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Metering;
using Lockstep.Gateway.OpenId;
using Lockstep.Gateway.Pages;
using Lockstep.Gateway.Pipeline;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite;
using Lockstep.Storage.Sqlite.Attachments;
using Lockstep.Storage.Sqlite.Accounts;
using Lockstep.Storage.Sqlite.Push;
using Lockstep.Storage.Sqlite.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Lockstep.Gateway.Tests.Notes;

/// <summary>The notes on a free loopback port, alone, beside Kinto, or beside pages.</summary>
internal sealed class NotesServer : IAsyncDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-test-").FullName;
    private readonly SqliteDatabase accounts;
    private readonly WebApplication app;

    private NotesServer(HttpOptions http, bool withKinto, PageSet? pages, TimeProvider time)
    {
        accounts = SqliteDatabase.Open(new SqliteOptions { Path = Path.Combine(directory, "lockstep.db") });
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.ConfigureEndpointDefaults(static endpoint => endpoint.UseShortSendQueues()));
        var store = new InMemoryBucketStore();
        builder.Services
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMinutes(5))
            .AddSingleton(time)
            .AddSingleton(http)
            .AddSingleton(new AccountOptions())
            .AddSingleton(new KintoOptions())
            .AddSingleton(new BucketOptions())
            .AddSingleton(new AccountSecret(accounts.Secret))
            .AddSingleton<IAccountStore>(new SqliteAccountStore(accounts))
            .AddSingleton<IQuotaStore>(new SqliteQuotaStore(accounts))
            .AddSingleton<IPushStore>(new SqlitePushStore(accounts))
            .AddSingleton<IAttachmentStore>(new SqliteAttachmentStore(accounts))
            .AddSingleton<IAttachmentContent>(new SqliteAttachmentStore(accounts))
            .AddSingleton<IBucketStore>(store)
            .AddSingleton<IBucketIndex>(store)
            .AddSingleton<IStoreMaintenance>(store)
            .AddSingleton<IBuckets>(static services => new InProcessBuckets(
                services.GetRequiredService<IBucketStore>(), services.GetRequiredService<BucketOptions>(), services.GetRequiredService<TimeProvider>()))
            .AddSingleton<ILiveFeed>(static services => ((InProcessBuckets)services.GetRequiredService<IBuckets>()).Feed)
            .AddSingleton<ISignInThrottle>(static services => new InProcessSignInThrottle(
                services.GetRequiredService<AccountOptions>().ToLimits(), services.GetRequiredService<TimeProvider>()))
            .AddSingleton<GatewayMetrics>()
            .AddSingleton<Drain>()
            .AddHealth()
            .AddAccounts()
            .AddProtocol<NotesProtocol, NotesHandler>();
        if (withKinto)
        {
            builder.Services.AddAudit(new AuditOptions(), kept: 0).AddOpenId(new OpenIdOptions()).AddKinto().AddSingleton(new UnownedReads(new BucketOptions(), TimeProvider.System));
        }

        if (pages is not null)
        {
            builder.Services.AddPages(pages);
        }

        app = builder.Build();
        if (http.PathBase is { } pathBase)
        {
            app.UsePathBase(pathBase);
        }

        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<Drain>().Run);
        app.MapProtocols(measured: true);
    }

    public Uri Address => new(app.Urls.First());

    public GatewayMetrics Metrics => app.Services.GetRequiredService<GatewayMetrics>();

    public NotesProtocol Notes => app.Services.GetRequiredService<NotesProtocol>();

    public static async Task<NotesServer> StartAsync(Func<HttpOptions, HttpOptions>? configure = null, bool withKinto = false, PageSet? pages = null, TimeProvider? time = null)
    {
        var server = new NotesServer((configure ?? (options => options))(new HttpOptions { DrainTime = TimeSpan.Zero }), withKinto, pages, time ?? TimeProvider.System);
        await server.app.StartAsync();
        return server;
    }

    public HttpClient Client(string? user = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Address };
        client.DefaultRequestVersion = HttpVersion.Version11;
        if (user is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Token {user}");
        }

        return client;
    }

    public Task StopAsync() => app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        accounts.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
