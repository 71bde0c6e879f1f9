using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace Lockstep.Silo.Telemetry;

/// <summary>Makes what sends to the receiver, and says it once when the receiver goes away and once when it is back.</summary>
internal sealed partial class OtlpSenders(TelemetryOptions options, ILogger<OtlpSenders> logger)
{
    private static readonly TimeSpan LongestSending = TimeSpan.FromSeconds(5);

    private int failing;

    public MetricReader ForMetrics() => new PeriodicExportingMetricReader(
        new MetricSender(this), (int)options.Interval.TotalMilliseconds, (int)LongestSending.TotalMilliseconds);

    public BaseProcessor<Activity> ForTraces() => new BatchActivityExportProcessor(new TraceSender(this));

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

    private sealed class MetricSender(OtlpSenders senders) : OtlpMetricExporter(senders.Exporter("metrics"))
    {
        public override ExportResult Export(in Batch<Metric> metrics) => senders.Report(base.Export(metrics));
    }

    private sealed class TraceSender(OtlpSenders senders) : OtlpTraceExporter(senders.Exporter("traces"))
    {
        public override ExportResult Export(in Batch<Activity> activityBatch) => senders.Report(base.Export(activityBatch));
    }
}
