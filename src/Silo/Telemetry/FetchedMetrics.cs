using Lockstep.Gateway.Metering;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Lockstep.Silo.Telemetry;

/// <summary>Measurements for clients that fetch them. They are read when a client asks, for one request after the other, and at most once a second.</summary>
/// <remarks>The library's own exporter for Prometheus exists only as a preview.</remarks>
[ExportModes(ExportModes.Pull)]
internal sealed class FetchedMetrics(TimeProvider time) : BaseExporter<Metric>, IPullMetricExporter, IMeasurements
{
    // A request that waited for another one gets the same result.
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
