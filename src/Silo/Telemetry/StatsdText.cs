using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Lockstep.Silo.Telemetry;

/// <summary>
/// Metrics as lines of StatsD. Counters are what was added since the last sending (<c>|c</c>), current values are gauges (<c>|g</c>), and histograms are timers (<c>|ms</c>). StatsD has no form for a histogram
/// that was counted already: each of its ranges is sent as one value from its middle, with a rate that makes the receiver count it as often as there were values.
/// </summary>
/// <remarks>github.com/statsd/statsd, docs/metric_types.md. Tags, which StatsD has not: docs.datadoghq.com/developers/dogstatsd/datagram_shell.</remarks>
/// <param name="prefix">Before each name, with no dot at its end; empty for none.</param>
/// <param name="hasTags">Whether tags are sent as DogStatsD's, instead of as parts of the name.</param>
internal sealed class StatsdText(string prefix, bool hasTags)
{
    private const string Own = "lockstep.";

    /// <summary>One line for each value, without a line end. Nothing for a counter or a histogram without anything new.</summary>
    /// <param name="metrics">With what was added since the last time.</param>
    public IEnumerable<string> Write(IEnumerable<Metric> metrics)
    {
        var lines = new List<string>();
        foreach (var metric in metrics)
        {
            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                Add(lines, metric, point);
            }
        }

        return lines;
    }

    private void Add(List<string> lines, Metric metric, in MetricPoint point)
    {
        var (name, tags) = NameOf(metric.Name, point.Tags);
        switch (metric.MetricType)
        {
            case MetricType.LongSum when point.GetSumLong() is not 0 and var added:
                lines.Add($"{name}:{added.ToString(CultureInfo.InvariantCulture)}|c{tags}");
                break;
            case MetricType.DoubleSum when point.GetSumDouble() is not 0 and var added:
                lines.Add($"{name}:{Number(added)}|c{tags}");
                break;
            case MetricType.LongSumNonMonotonic:
                AddGauge(lines, name, tags, point.GetSumLong());
                break;
            case MetricType.DoubleSumNonMonotonic:
                AddGauge(lines, name, tags, point.GetSumDouble());
                break;
            case MetricType.LongGauge:
                AddGauge(lines, name, tags, point.GetGaugeLastValueLong());
                break;
            case MetricType.DoubleGauge:
                AddGauge(lines, name, tags, point.GetGaugeLastValueDouble());
                break;
            case MetricType.Histogram:
                AddTimers(lines, name, tags, point, metric.Unit is "s" ? 1000 : 1);
                break;
        }
    }

    /// <summary>A sign means "by so much more or less", so that a value below zero is set in two steps.</summary>
    private static void AddGauge(List<string> lines, string name, string tags, double value)
    {
        if (value < 0)
        {
            lines.Add($"{name}:0|g{tags}");
        }

        lines.Add($"{name}:{Number(value)}|g{tags}");
    }

    private static void AddTimers(List<string> lines, string name, string tags, in MetricPoint point, double scale)
    {
        var lower = 0.0;
        var last = point.TryGetHistogramMinMaxValues(out _, out var max) ? max : double.NaN;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            // The last range has no end. The greatest value is known, and is in the last range that has any.
            var upper = double.IsPositiveInfinity(bucket.ExplicitBound) ? Math.Max(lower, double.IsNaN(last) ? lower : last) : bucket.ExplicitBound;
            if (bucket.BucketCount > 0)
            {
                var middle = double.IsNaN(last) || last >= upper ? (lower + upper) / 2 : (lower + Math.Max(lower, last)) / 2;
                var rate = bucket.BucketCount == 1 ? "" : $"|@{(1.0 / bucket.BucketCount).ToString("0.###############", CultureInfo.InvariantCulture)}";
                lines.Add($"{name}:{Number(middle * scale)}|ms{rate}{tags}");
            }

            lower = upper;
        }
    }

    /// <summary>The server's own names begin with the prefix in place of <c>lockstep</c>; those of the framework follow it.</summary>
    private (string Name, string Tags) NameOf(string metric, ReadOnlyTagCollection tags)
    {
        var name = new StringBuilder(prefix);
        if (prefix.Length > 0)
        {
            name.Append('.');
        }

        name.Append(metric.StartsWith(Own, StringComparison.Ordinal) ? metric.AsSpan(Own.Length) : metric);
        var sorted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags)
        {
            sorted[key] = TextOf(value);
        }

        if (hasTags)
        {
            return (name.ToString(), sorted.Count == 0 ? "" : $"|#{string.Join(',', sorted.Select(static tag => $"{tag.Key}:{tag.Value}"))}");
        }

        foreach (var value in sorted.Values)
        {
            name.Append('.').Append(value.Replace('.', '_'));
        }

        return (name.ToString(), "");
    }

    /// <summary>Without what parts names, values and tags. A route is <c>v1_buckets_bucket_collections</c>.</summary>
    private static string TextOf(object? value)
    {
        var text = value is bool flag ? (flag ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        var plain = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
            {
                plain.Append(c);
            }
            else if (plain.Length > 0 && plain[^1] != '_')
            {
                plain.Append('_');
            }
        }

        return plain.ToString().TrimEnd('_') is { Length: > 0 } part ? part : "none";
    }

    private static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
