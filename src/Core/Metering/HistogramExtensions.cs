using System.Diagnostics.Metrics;

namespace Lockstep.Core.Metering;

/// <summary>Measuring where a fault of whoever listens to measurements must not end the work that is measured.</summary>
public static class HistogramExtensions
{
    /// <summary>Records the value. What a listener throws is dropped, and with it the measurement for those after it.</summary>
    public static void TryRecord<T>(this Histogram<T> histogram, T value, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
        where T : struct
    {
        try
        {
            histogram.Record(value, tags);
        }
        catch (Exception)
        {
            // A listener's fault does not concern this program, and nobody waits for it.
        }
    }
}
