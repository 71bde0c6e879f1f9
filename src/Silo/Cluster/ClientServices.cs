using Lockstep.Core.Buckets;
using Lockstep.Grains;
using Lockstep.Gateway.Health;
using Lockstep.Silo.Hosting;
using Lockstep.Silo.Routing;
using Orleans.Configuration;

namespace Lockstep.Silo.Cluster;

/// <summary>Adds the Orleans clients of a process whose owners are in silos elsewhere.</summary>
internal static class ClientServices
{
    public static void AddClient(this WebApplicationBuilder builder, LockstepOptions options, TimeProvider time)
    {
        var connection = OrleansSettings.ConnectionString(options);
        var tls = options.Cluster.Tls.IsOn ? new MutualTls(options.Cluster.Tls) : null;
        builder.Services.AddHealthChecks().AddCheck<ClusterCheck>("cluster", tags: [HealthEndpoints.Ready]);
        ClusterMember.Add(builder.Services, () => builder.UseOrleansClient(client =>
        {
            Configure(client);
            client.UseAdoNetClustering(table => (table.Invariant, table.ConnectionString) = (OrleansSettings.Provider, connection));

            // For calls that are not about buckets, and until there is a route to a silo. SiloRoutes has the other clients.
            client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
            client.UseConnectionRetryFilter<UntilThereIsASilo>();
        }));
        builder.Services
            .AddSingleton(services => new SiloRoutes(
                connection, options.Cluster.Id, services.GetRequiredService<IGrainFactory>(), Configure,
                services.GetRequiredService<SiloDeaths>(), services.GetRequiredService<ILoggerFactory>(), time))
            .AddHostedService(services => services.GetRequiredService<SiloRoutes>())
            .AddSingleton<Func<BucketId, IGrainFactory>>(services => services.GetRequiredService<SiloRoutes>().Find);

        void Configure(IClientBuilder client)
        {
            client.Configure<ClusterOptions>(ids => ids.Name(options));
            client.Configure<ClientMessagingOptions>(messages => messages.Bound(options));
            if (tls is not null)
            {
                client.UseTls(tls.Configure);
            }
        }
    }
}
