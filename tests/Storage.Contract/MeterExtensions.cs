using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Lockstep.Storage.Contract;

/// <summary>Readings of one meter's instruments, and nothing of others with its name.</summary>
public static class MeterExtensions
{
    /// <summary>Asks an observable instrument.</summary>
    /// <param name="meter">Whose.</param>
    /// <param name="instrument">Its name.</param>
    /// <param name="tag">The value of its one tag. Default: it has none.</param>
    /// <returns>Null when it says nothing.</returns>
    public static T? Observe<T>(this Meter meter, string instrument, string? tag = null)
        where T : struct
    {
        using var collector = new MetricCollector<T>(meter, instrument);
        collector.RecordObservableInstruments();
        return collector.GetMeasurementSnapshot().Where(measurement => HasTag(measurement, tag)).Select(static measurement => (T?)measurement.Value).LastOrDefault();
    }

    /// <summary>What was measured with this value of the instrument's one tag. Default: of an instrument without one.</summary>
    public static IReadOnlyList<T> Values<T>(this MetricCollector<T> collector, string? tag = null)
        where T : struct =>
        [.. collector.GetMeasurementSnapshot().Where(measurement => HasTag(measurement, tag)).Select(static measurement => measurement.Value)];

    private static bool HasTag<T>(CollectedMeasurement<T> measurement, string? tag)
        where T : struct =>
        tag is null ? measurement.Tags.Count == 0 : measurement.Tags.Values.Contains(tag);
}
