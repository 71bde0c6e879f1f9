using Lockstep.Gateway.Metering;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Lockstep.Silo.Telemetry;

/// <summary>Measurements for whoever fetches them. They are read when somebody asks, for one after the other.</summary>
/// <remarks>The library's own exporter for Prometheus has had previews only.</remarks>
[ExportModes(ExportModes.Pull)]
internal sealed class FetchedMetrics : BaseExporter<Metric>, IPullMetricExporter, IMeasurements
{
    private readonly Lock reading = new();

    private byte[] text = [];

    /// <summary>Set by the reader that this is given to.</summary>
    public Func<int, bool>? Collect { get; set; }

    public byte[] Read()
    {
        lock (reading)
        {
            text = [];
            Collect?.Invoke(Timeout.Infinite);
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
