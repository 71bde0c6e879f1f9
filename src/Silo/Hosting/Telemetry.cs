using System.Diagnostics;
using Lockstep.Core.Metering;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using OpenTelemetry;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// Sends metrics and traces to an OTLP receiver. The only file that knows OpenTelemetry's packages. Invariants:
/// <list type="number">
/// <item>Sending has threads of its own: a receiver that is slow or away costs requests nothing, and a stop no more than
/// <see cref="LastWords"/>.</item>
/// <item>Nothing that a client sent leaves with a trace but the method: URLs here are names of people and their data.</item>
/// </list>
/// </summary>
internal sealed partial class Telemetry(TelemetryOptions options, ILogger<Telemetry> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestSending = TimeSpan.FromSeconds(5);

    private static readonly string[] Meters =
    [
        LockstepMeter.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Npgsql", "System.Runtime", "Microsoft.Orleans",
    ];

    private static readonly string[] Sources = ["Microsoft.AspNetCore", "Npgsql", "Microsoft.Orleans.*"];

    private MeterProvider? metrics;
    private TracerProvider? traces;
    private int failing;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = ResourceBuilder.CreateEmpty()
            .AddEnvironmentVariableDetector()
            .AddTelemetrySdk()
            .AddService("lockstep", serviceVersion: ServerVersion.Version, serviceInstanceId: $"{Environment.MachineName}:{Environment.ProcessId}");
        metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(Meters)
            .AddReader(new PeriodicExportingMetricReader(
                new MetricSender(this, Exporter("metrics")), (int)options.Interval.TotalMilliseconds, (int)LongestSending.TotalMilliseconds))
            .Build();
        if (options.Traces)
        {
            traces = Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(resource)
                .AddSource(Sources)
                .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.TraceRatio)))
                .AddProcessor(new WithoutContent())
                .AddProcessor(new BatchActivityExportProcessor(new TraceSender(this, Exporter("traces"))))
                .Build();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Task.Run(() => metrics?.Shutdown((int)LastWords.TotalMilliseconds), CancellationToken.None),
        Task.Run(() => traces?.Shutdown((int)LastWords.TotalMilliseconds), CancellationToken.None));

    public void Dispose()
    {
        metrics?.Dispose();
        traces?.Dispose();
    }

    private OtlpExporterOptions Exporter(string signal)
    {
        var isGrpc = options.Protocol is "grpc";
        return new OtlpExporterOptions
        {
            Endpoint = new Uri(isGrpc ? options.OtlpEndpoint! : $"{options.OtlpEndpoint!.TrimEnd('/')}/v1/{signal}"),
            Protocol = isGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf,
            TimeoutMilliseconds = (int)LongestSending.TotalMilliseconds,
        };
    }

    /// <summary>Says it once when the receiver goes away, and once when it is back.</summary>
    private ExportResult Report(ExportResult result)
    {
        var failed = result == ExportResult.Success ? 0 : 1;
        if (Interlocked.Exchange(ref failing, failed) != failed)
        {
            if (failed != 0)
            {
                LogFailing(options.OtlpEndpoint!);
            }
            else
            {
                LogSentAgain(options.OtlpEndpoint!);
            }
        }

        return result;
    }

    [LoggerMessage(30, LogLevel.Warning, "Telemetry cannot be sent to {Endpoint}. Requests are served all the same; the next line like this comes after it was sent again.")]
    private partial void LogFailing(string endpoint);

    [LoggerMessage(31, LogLevel.Information, "Telemetry is sent to {Endpoint} again.")]
    private partial void LogSentAgain(string endpoint);

    private sealed class MetricSender(Telemetry telemetry, OtlpExporterOptions options) : OtlpMetricExporter(options)
    {
        public override ExportResult Export(in Batch<Metric> metrics) => telemetry.Report(base.Export(metrics));
    }

    private sealed class TraceSender(Telemetry telemetry, OtlpExporterOptions options) : OtlpTraceExporter(options)
    {
        public override ExportResult Export(in Batch<Activity> activityBatch) => telemetry.Report(base.Export(activityBatch));
    }

    /// <summary>Lets only those tags out whose values are a few, known beforehand.</summary>
    private sealed class WithoutContent : BaseProcessor<Activity>
    {
        private static readonly HashSet<string> Kept = new(StringComparer.Ordinal)
        {
            "http.request.method", "http.response.status_code", "http.route", "network.protocol.version", "error.type", "url.scheme",
            "db.system.name", "db.system", "db.operation.name", "db.response.status_code", "rpc.system", "rpc.service", "rpc.method",
        };

        public override void OnEnd(Activity data)
        {
            List<string>? dropped = null;
            foreach (ref readonly var tag in data.EnumerateTagObjects())
            {
                if (!Kept.Contains(tag.Key))
                {
                    (dropped ??= []).Add(tag.Key);
                }
            }

            dropped?.ForEach(key => data.SetTag(key, null));
            data.TraceStateString = null;
            foreach (ref readonly var happened in data.EnumerateEvents())
            {
                if (happened.Name is "exception")
                {
                    // Its text may quote a value, and an event cannot be taken away: the whole span stays here.
                    data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
                }
            }

            // A description is an exception's text.
            data.SetStatus(data.Status);
        }
    }
}
