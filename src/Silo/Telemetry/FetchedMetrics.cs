using Lockstep.Gateway.Metering;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Lockstep.Silo.Telemetry;

/// <summary>Measurements for whoever fetches them. They are read when somebody asks, for one after the other, and at most once a second.</summary>
/// <remarks>The library's own exporter for Prometheus has had previews only.</remarks>
[ExportModes(ExportModes.Pull)]
internal sealed class FetchedMetrics(TimeProvider time) : BaseExporter<Metric>, IPullMetricExporter, IMeasurements
{
    // Whoever waits for the one before gets what that one got.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock reading = new();

    private byte[] text = [];
    private long? read;

    /// <summary>Set by the reader that this is given to.</summary>
    public Func<int, bool>? Collect { get; set; }

    public byte[] Read()
    {
        lock (reading)
        {
            if (read is not { } last || time.GetElapsedTime(last) >= Fresh)
            {
                text = [];
                Collect?.Invoke((int)Patience.TotalMilliseconds);
                read = time.GetTimestamp();
            }

            return text;
        }
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var metrics = new List<Metric>();
        foreach (var metric in batch)
        {
            metrics.Add(metric);
        }

        text = PrometheusText.Write(metrics, ParentProvider.GetResource().Attributes);
        return ExportResult.Success;
    }
}
