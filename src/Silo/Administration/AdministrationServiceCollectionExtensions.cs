using Lockstep.Core.Storage;
using Lockstep.Gateway.Console.Administration.Cluster;
using Lockstep.Gateway.Console.Administration.Figures;
using Lockstep.Gateway.Console.Administration.Settings;
using Lockstep.Silo.Cluster;
using Lockstep.Silo.Hosting;

namespace Lockstep.Silo.Administration;

/// <summary>Registers what only the program knows and administrators see in the console.</summary>
internal static class AdministrationServiceCollectionExtensions
{
    /// <summary>Nothing where the console is off. A silo without the API keeps figures, for the gateways that ask for them.</summary>
    /// <param name="services">Get it.</param>
    /// <param name="options">The settings in force.</param>
    /// <param name="configuration">What they were read from.</param>
    /// <param name="storage">Has the databases.</param>
    public static IServiceCollection AddAdministration(this IServiceCollection services, LockstepOptions options, IConfiguration configuration, ServerStorage storage)
    {
        if (!options.Console.Enabled)
        {
            return services;
        }

        services.AddSingleton<LiveFigures>().AddHostedService(static provider => provider.GetRequiredService<LiveFigures>());
        if (!options.HasApi)
        {
            return services;
        }

        foreach (var probe in storage.Probes)
        {
            services.AddSingleton(probe);
        }

        return services
            .AddSingleton<ISettingsInForce>(new SettingsInForce(options, configuration))
            .AddSingleton<ISilos, Silos>();
    }
}
