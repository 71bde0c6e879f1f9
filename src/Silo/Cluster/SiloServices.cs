using System.Net;
using Lockstep.Core.Buckets;
using Lockstep.Gateway.Health;
using Lockstep.Grains;
using Lockstep.Grains.Placement;
using Lockstep.Silo.Cluster.Alone;
using Lockstep.Silo.Hosting;
using Lockstep.Silo.Routing;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;
using Orleans.Runtime.GrainDirectory;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Statistics;
using Orleans.Storage;

namespace Lockstep.Silo.Cluster;

/// <summary>Adds an Orleans silo to this process: alone in its cluster on SQLite, and on PostgreSQL one that others can join.</summary>
internal static class SiloServices
{
    public static void AddSilo(this WebApplicationBuilder builder, LockstepOptions options)
    {
        builder.Services.AddHealthChecks()
            .AddCheck<SiloCheck>("silo", tags: [HealthEndpoints.Ready])
            .AddCheck<SiloCheck>(SiloCheck.Liveness, tags: [HealthEndpoints.Live]);
        if (!options.IsAlone)
        {
            var connection = OrleansSettings.ConnectionString(options);
            builder.Services.AddSingleton<IJoinCheck, PortsCheck>();
            builder.Services.AddSingleton<IJoinCheck>(services => ActivatorUtilities.CreateInstance<LoopbackCheck>(services, connection));
            builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<ForgottenSilos>(services, connection));
            builder.Services.AddSingleton(new EndedCounts(connection, options));
        }

        ClusterMember.Add(builder.Services, () => builder.UseOrleans(silo =>
        {
            Configure(silo, options);
            if (options.IsAlone)
            {
                StayAlone(silo, options);
            }
            else
            {
                ShareDatabase(silo, options);
            }
        }));
        builder.Services
            .AddSingleton<Func<BucketId, IGrainFactory>>(services => _ => services.GetRequiredService<IGrainFactory>())
            .AddSingleton<LocalOwners>()
            .AddOwners();
        if (!options.IsAlone)
        {
            builder.Services.AddHostedService<OwnersMove>();
        }
    }

    private static void Configure(ISiloBuilder silo, LockstepOptions options)
    {
        var cluster = options.Cluster;
        silo.Configure<ClusterOptions>(ids => ids.Name(options));
        silo.Configure<SiloOptions>(own => own.SiloName = $"{Environment.MachineName}:{cluster.SiloPort}");
        silo.Configure<EndpointOptions>(endpoints =>
        {
            endpoints.AdvertisedIPAddress = IPAddress.Parse(cluster.Address);
            endpoints.SiloPort = cluster.SiloPort;
            endpoints.GatewayPort = options.IsAlone ? 0 : cluster.GatewayPort;
        });
        silo.AddPlacementDirector<HomePlacement, HomePlacementDirector>();
        silo.Services.AddSingleton<IGrainDirectoryResolver, NoDirectory>();
    }

    /// <summary>Nobody can join, and only what is in the database outlives the process.</summary>
    private static void StayAlone(ISiloBuilder silo, LockstepOptions options)
    {
        silo.Services.AddSingleton<IMembershipTable, OwnMembershipTable>();
        silo.Services.AddSingleton<IEnvironmentStatisticsProvider, NoStatistics>();
        silo.Services.AddGrainStorage(GrainStorage.Name, (services, _) =>
            new VolatileGrainStorage(KeepTime, services.GetRequiredService<TimeProvider>()));
        for (var i = 0; i < silo.Services.Count; i++)
        {
            if (silo.Services[i] is { IsKeyedService: true } service && service.ServiceType == typeof(IConnectionListenerFactory))
            {
                silo.Services[i] = ServiceDescriptor.KeyedSingleton<IConnectionListenerFactory, NoConnections>(service.ServiceKey);
            }
        }

        TimeSpan KeepTime(object state) => state is SignInFailures failures && failures.Window > options.Accounts.FailureWindow ? failures.Window : options.Accounts.FailureWindow;

        silo.Configure<GrainDirectoryOptions>(directory => directory.CacheSize = 1_000);
        silo.Configure<DeploymentLoadPublisherOptions>(load => load.DeploymentLoadPublisherRefreshTime = TimeSpan.Zero);
        silo.Configure<SiloMessagingOptions>(messages =>
        {
            messages.Bound(options);
            messages.ClientGatewayShutdownNotificationTimeout = TimeSpan.Zero;
            messages.WaitForMessageToBeQueuedForOutboundTime = TimeSpan.Zero;
        });
    }

    private static void ShareDatabase(ISiloBuilder silo, LockstepOptions options)
    {
        var cluster = options.Cluster;
        var connection = OrleansSettings.ConnectionString(options);
        silo.UseAdoNetClustering(table => (table.Invariant, table.ConnectionString) = (OrleansSettings.Provider, connection));
        silo.AddAdoNetGrainStorage(GrainStorage.Name, states => states.Configure<Serializer>((grains, serializer) =>
        {
            (grains.Invariant, grains.ConnectionString) = (OrleansSettings.Provider, connection);
            grains.DeleteStateOnClear = true;
            grains.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer);
        }));
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = cluster.ProbeTimeout;
            membership.NumMissedProbesLimit = cluster.MissedProbes;

            // Nobody votes against a silo that has sent anything within this time, multiplied by the missed probes. So a silo that hangs counts as alive for that long.
            // With Orleans' own factor of four it would be 16 seconds.
            membership.MaxProbeTimeout = 1.75 * cluster.ProbeTimeout;
            membership.NumVotesForDeathDeclaration = cluster.DeathVotes;

            membership.IAmAliveTablePublishTimeout = ForgottenSilos.SignOfLife;

            // A silo that missed the gossip about a change finds it in the table, after this time at the latest.
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(10);
        });
        silo.Configure<SiloMessagingOptions>(messages =>
        {
            messages.Bound(options);

            // Both while the silo stops. When Orleans waits for the second one, owners and gateways have gone elsewhere.
            messages.ClientGatewayShutdownNotificationTimeout = cluster.DepartureTime;
            messages.WaitForMessageToBeQueuedForOutboundTime = TimeSpan.FromMilliseconds(200);
        });
        if (cluster.Tls.IsOn)
        {
            silo.UseTls(new MutualTls(cluster.Tls).Configure);
        }
    }
}
