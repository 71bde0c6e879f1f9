using System.Diagnostics;
using Lockstep.Core.Metering;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Lockstep.Silo.Telemetry;

/// <summary>
/// Registers what measures the gateway, and the sending of metrics, traces and lines of the log to OTLP receivers, and of metrics to a StatsD, where it is asked for. Invariants:
/// <list type="number">
/// <item>Sending has threads of its own: a receiver that is slow or away costs requests nothing, and a stop no more than
/// <see cref="LastSending.Patience"/>.</item>
/// <item>Nothing that a client sent leaves with a trace but the method: URLs here are names of people and their data.</item>
/// <item>A client chooses neither whether nor as what it is traced.</item>
/// </list>
/// </summary>
internal static class TelemetryServiceCollectionExtensions
{
    /// <summary>Before other hosted services: what begins first ends last, and so sends what the others did at the end.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="options">Where metrics, traces and lines of the log are sent.</param>
    /// <param name="isFetched">Whether metrics can be fetched, too.</param>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, TelemetryOptions options, bool isFetched)
    {
        services.AddSingleton<GatewayMetrics>().AddSingleton(options);
        if (!options.SendsMetrics && !options.SendsLogs && !isFetched)
        {
            return services;
        }

        if (options.SendsMetrics || options.SendsLogs)
        {
            services.AddSingleton<OtlpSenders>().AddSingleton<StatsdSender>().AddHostedService<LastSending>();
        }

        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(static resource => resource
                .Clear()
                .AddEnvironmentVariableDetector()
                .AddTelemetrySdk()
                .AddService("lockstep", serviceVersion: ServerVersion.Version, serviceInstanceId: $"{Environment.MachineName}:{Environment.ProcessId}"));
        if (options.SendsMetrics || isFetched)
        {
            telemetry.WithMetrics(static metrics => metrics
                .AddMeter(LockstepMeter.Name, "Microsoft.Orleans")
                .AddAspNetCoreInstrumentation()
                .AddRuntimeInstrumentation()
                .AddNpgsqlInstrumentation());
        }

        if (isFetched)
        {
            services.AddSingleton<FetchedMetrics>().AddSingleton<IMeasurements>(static fetched => fetched.GetRequiredService<FetchedMetrics>());
            telemetry.WithMetrics(static metrics => metrics.AddReader(static fetched => new BaseExportingMetricReader(fetched.GetRequiredService<FetchedMetrics>())));
        }

        if (options.IsOn)
        {
            telemetry.WithMetrics(static metrics => metrics.AddReader(static sending => sending.GetRequiredService<OtlpSenders>().ForMetrics()));
        }

        if (options.SendsStatsd)
        {
            // StatsD adds up itself: it gets what was added since the last time.
            telemetry.WithMetrics(metrics => metrics.AddReader(sending => new PeriodicExportingMetricReader(sending.GetRequiredService<StatsdSender>(), (int)options.Interval.TotalMilliseconds)
            {
                TemporalityPreference = MetricReaderTemporalityPreference.Delta,
            }));
        }

        if (options.Traces || options.SendsLogs)
        {
            // A line says of which trace it is, too.
            services.AddSingleton<DistributedContextPropagator, OwnTraces>();
        }

        if (options.SendsLogs)
        {
            // Scopes have paths in them.
            services.AddSingleton<LogSender>().PostConfigure<OpenTelemetryLoggerOptions>(static logs => (logs.IncludeScopes, logs.IncludeFormattedMessage) = (false, true));
            telemetry.WithLogging(static logs => logs.AddProcessor(static sending => sending.GetRequiredService<LogSender>().ForLines()));
        }

        if (options.Traces)
        {
            // The framework reads a request's headers by the one above, the instrumentation by this one, which the process has once.
            Sdk.SetDefaultTextMapPropagator(new CompositeTextMapPropagator([]));
            telemetry.WithTracing(traces => traces
                .AddSource("Microsoft.Orleans.*")
                .AddAspNetCoreInstrumentation()
                .AddNpgsql()
                .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.TraceRatio)))
                .AddProcessor(new WithoutContent())
                .AddProcessor(static sending => sending.GetRequiredService<OtlpSenders>().ForTraces()));
        }

        return services;
    }
}
