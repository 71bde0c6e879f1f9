using System.Net;
using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Health;
using Lockstep.Gateway.Pipeline;
using Lockstep.Grains;
using Lockstep.Grains.Placement;
using Lockstep.Silo.Routing;
using Lockstep.Storage.PostgreSql;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Storage;

namespace Lockstep.Silo.Hosting;

/// <summary>A member of the cluster, put together by its role from the parts of the single-node server and Orleans.</summary>
internal static class MemberServer
{
    public const string LivenessCheck = "silo-liveness";

    /// <summary>
    /// Goes into the key of all stored grain state, so it is the same whatever the cluster's id.
    /// </summary>
    private const string ServiceId = "lockstep";
    private const string Provider = "Npgsql";

    // Orleans reads and writes its few rows through a pool of its own.
    private const int OrleansConnections = 4;

    // A batch of many pages is one message; what a request may ask for is bounded by the API.
    private const int MaxMessageBytes = 1 << 30;

    // What Orleans loses on its way nobody answers. An owner answers sooner than this, also when it waits for a lock and then
    // has to find out what became of a commit (Postgres:LockTimeout, Postgres:DecisionTimeout).
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Puts a member together; nothing listens and nothing joins yet. Parameters as of <see cref="LockstepServer.Build"/>.</summary>
    public static WebApplication Build(
        MemberOptions options,
        IConfiguration configuration,
        ServerStorage storage,
        TimeProvider time,
        Func<IBucketStore, IBucketStore>? decorate = null)
    {
        var builder = LockstepServer.CreateBuilder(options, configuration, storage, time, decorate);
        builder.Services
            .AddSingleton(options)
            .AddSingleton<IBuckets>(services => new GrainBuckets(
                services.GetRequiredService<Func<BucketId, IGrainFactory>>(), services.GetService<LocalOwners>(), options.Cluster.FailoverWait, time,
                services.GetRequiredService<ILogger<GrainBuckets>>()))
            .AddSingleton<ISignInThrottle>(services => new GrainSignInThrottle(
                services.GetRequiredService<IGrainFactory>(), options.Accounts.ToLimits(), storage.Secret));

        var tls = options.Cluster.Tls.IsOn ? new MutualTls(options.Cluster.Tls) : null;
        if (options.Role is MemberRole.Gateway)
        {
            AddClient(builder, options, tls, time);
        }
        else
        {
            AddSilo(builder, options, tls);
        }

        if (options.Role is not MemberRole.Silo)
        {
            builder.Services.AddApi();
        }

        var app = LockstepServer.CreateApplication(builder, options);
        if (options.Role is not MemberRole.Silo)
        {
            app.MapProtocols(options.Telemetry.IsOn);
        }

        app.Lifetime.ApplicationStarted.Register(() => MemberReport.Write(app, options, storage.Description));
        return app;
    }

    private static void AddSilo(WebApplicationBuilder builder, MemberOptions options, MutualTls? tls)
    {
        var cluster = options.Cluster;
        builder.Services.AddHealthChecks()
            .AddCheck<SiloCheck>("silo", tags: [HealthEndpoints.Ready])
            .AddCheck<SiloCheck>(LivenessCheck, tags: [HealthEndpoints.Live]);
        builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<ForgottenSilos>(services, ConnectionString(options)));
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(ids => (ids.ClusterId, ids.ServiceId) = (cluster.Id, ServiceId));
            silo.Configure<SiloOptions>(own => own.SiloName = $"{Environment.MachineName}:{cluster.SiloPort}");
            silo.Configure<EndpointOptions>(endpoints =>
            {
                endpoints.AdvertisedIPAddress = IPAddress.Parse(cluster.Address);
                endpoints.SiloPort = cluster.SiloPort;
                endpoints.GatewayPort = cluster.GatewayPort;
            });
            silo.UseAdoNetClustering(table => (table.Invariant, table.ConnectionString) = (Provider, ConnectionString(options)));
            silo.AddAdoNetGrainStorage(GrainStorage.Name, states => states.Configure<Serializer>((grains, serializer) =>
            {
                (grains.Invariant, grains.ConnectionString) = (Provider, ConnectionString(options));
                grains.DeleteStateOnClear = true;
                grains.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer);
            }));
            silo.Configure<ClusterMembershipOptions>(membership =>
            {
                membership.ProbeTimeout = cluster.ProbeTimeout;
                membership.NumMissedProbesLimit = cluster.MissedProbes;

                // Nobody votes against a silo that has sent anything within this, times the missed probes: so long a silo that
                // hangs is believed in. Orleans' own four times make that 16 seconds.
                membership.MaxProbeTimeout = 2 * cluster.ProbeTimeout;
                membership.NumVotesForDeathDeclaration = cluster.DeathVotes;

                membership.IAmAliveTablePublishTimeout = ForgottenSilos.SignOfLife;

                // Whoever missed the gossip about a change finds it in the table, at the latest after this.
                membership.TableRefreshTimeout = TimeSpan.FromSeconds(10);
            });
            silo.Configure<GrainCollectionOptions>(idle =>
            {
                // An owner that nobody asks leaves memory. Orleans looks once in a quantum, and wants the age to be more than one.
                idle.CollectionQuantum = TimeSpan.FromSeconds(30);
                idle.CollectionAge = options.Buckets.IdleTimeout > TimeSpan.FromMinutes(1) ? options.Buckets.IdleTimeout : TimeSpan.FromMinutes(1);
            });
            silo.Configure<SiloMessagingOptions>(messages =>
            {
                Configure(messages);

                // Both while the silo stops. When Orleans waits for the second one, owners and gateways have gone elsewhere.
                messages.ClientGatewayShutdownNotificationTimeout = cluster.DepartureTime;
                messages.WaitForMessageToBeQueuedForOutboundTime = TimeSpan.FromMilliseconds(200);
            });
            silo.AddPlacementDirector<HomePlacement, HomePlacementDirector>();
            if (tls is not null)
            {
                silo.UseTls(tls.Configure);
            }
        });
        builder.Services
            .AddSingleton<Func<BucketId, IGrainFactory>>(services => _ => services.GetRequiredService<IGrainFactory>())
            .AddSingleton<LocalOwners>()
            .AddHostedService<OwnersMove>()
            .AddOwners();
    }

    private static void AddClient(WebApplicationBuilder builder, MemberOptions options, MutualTls? tls, TimeProvider time)
    {
        var connection = ConnectionString(options);
        builder.Services.AddHealthChecks().AddCheck<ClusterCheck>("cluster", tags: [HealthEndpoints.Ready]);
        builder.UseOrleansClient(client =>
        {
            Configure(client);
            client.UseAdoNetClustering(table => (table.Invariant, table.ConnectionString) = (Provider, connection));

            // For what is not about buckets, and until there is a way to a silo; see SiloRoutes for the others.
            client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
            client.UseConnectionRetryFilter<UntilThereIsASilo>();
        });
        builder.Services
            .AddSingleton(services => new SiloRoutes(
                connection, options.Cluster.Id, services.GetRequiredService<IGrainFactory>(), Configure,
                services.GetRequiredService<ILoggerFactory>(), time))
            .AddHostedService(services => services.GetRequiredService<SiloRoutes>())
            .AddSingleton<Func<BucketId, IGrainFactory>>(services => services.GetRequiredService<SiloRoutes>().Find);

        void Configure(IClientBuilder client)
        {
            client.Configure<ClusterOptions>(ids => (ids.ClusterId, ids.ServiceId) = (options.Cluster.Id, ServiceId));
            client.Configure<ClientMessagingOptions>(MemberServer.Configure);
            if (tls is not null)
            {
                client.UseTls(tls.Configure);
            }
        }
    }

    private static void Configure(MessagingOptions messages)
    {
        messages.MaxMessageBodySize = MaxMessageBytes;
        messages.ResponseTimeout = ResponseTimeout;
    }

    private static string ConnectionString(MemberOptions options) => PostgresDatabase.CreateConnectionString(options.Postgres, OrleansConnections);
}
