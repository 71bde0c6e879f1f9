using System.Diagnostics;
using Lockstep.Gateway.Metering;

namespace Lockstep.Silo.Hosting;

/// <summary>Registers what measures the gateway, and the sending of measurements where it is asked for.</summary>
internal static class TelemetryServiceCollectionExtensions
{
    /// <summary>Before other hosted services: what begins first ends last, and so sends what the others did at the end.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, TelemetryOptions options)
    {
        services.AddSingleton<GatewayMetrics>().AddSingleton(options);
        if (options.IsOn)
        {
            services.AddHostedService<Telemetry>();
        }

        if (options.Traces)
        {
            services.AddSingleton<DistributedContextPropagator, OwnTraces>();
        }

        return services;
    }
}
