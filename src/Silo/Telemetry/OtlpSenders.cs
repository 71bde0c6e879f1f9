using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace Lockstep.Silo.Telemetry;

/// <summary>Makes what sends metrics and traces to the receiver.</summary>
internal sealed class OtlpSenders(TelemetryOptions options, ILogger<OtlpSenders> logger)
{
    /// <summary>A sending that takes longer has failed.</summary>
    public static readonly TimeSpan LongestSending = TimeSpan.FromSeconds(5);

    private readonly ReceiverState receiver = new(options.OtlpEndpoint ?? "", logger);

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

    private sealed class MetricSender(OtlpSenders senders) : OtlpMetricExporter(senders.Exporter("metrics"))
    {
        public override ExportResult Export(in Batch<Metric> metrics) => senders.receiver.Report(base.Export(metrics));
    }

    private sealed class TraceSender(OtlpSenders senders) : OtlpTraceExporter(senders.Exporter("traces"))
    {
        public override ExportResult Export(in Batch<Activity> activityBatch) => senders.receiver.Report(base.Export(activityBatch));
    }
}
