using System.Globalization;
using System.Text;
using OpenTelemetry.Metrics;

namespace Lockstep.Silo.Telemetry;

/// <summary>Metrics in Prometheus' text format 0.0.4, with the names that Prometheus gives to metrics that come over OTLP.</summary>
/// <remarks>prometheus.io/docs/instrumenting/exposition_formats; OpenTelemetry: Prometheus and OpenMetrics compatibility.</remarks>
internal sealed class PrometheusText
{
    private readonly StringBuilder text = new();

    // Two instruments can have one name, as with two servers in one process. Prometheus refuses everything if one series comes twice.
    private readonly HashSet<string> written = new(StringComparer.Ordinal);

    private PrometheusText()
    {
    }

    /// <param name="metrics">As they are now.</param>
    /// <param name="resource">What the server is known by.</param>
    /// <returns>The text, as UTF-8.</returns>
    public static byte[] Write(IEnumerable<Metric> metrics, IEnumerable<KeyValuePair<string, object>> resource)
    {
        var writer = new PrometheusText();
        writer.Head("target_info", "gauge", "What the server is known by.");
        writer.Line("target_info", [.. resource.Select(static attribute => KeyValuePair.Create(attribute.Key, (object?)attribute.Value))], "1");
        foreach (var family in metrics.Where(static metric => KindOf(metric) is not null).GroupBy(NameOf, StringComparer.Ordinal).OrderBy(static family => family.Key, StringComparer.Ordinal))
        {
            var first = family.First();
            writer.Head(family.Key, KindOf(first)!, first.Description);
            foreach (var metric in family.Where(metric => KindOf(metric) == KindOf(first)))
            {
                writer.Add(family.Key, metric);
            }
        }

        return Encoding.UTF8.GetBytes(writer.text.ToString());
    }

    /// <summary>Dots become underscores, the unit is added, and counters end in <c>_total</c>.</summary>
    private static string NameOf(Metric metric)
    {
        var name = Plain(metric.Name);
        var unit = metric.Unit switch
        {
            null or "" or "1" or ['{', ..] => "",
            "s" => "seconds",
            "ms" => "milliseconds",
            "By" => "bytes",
            "%" => "percent",
            var other => Plain(other),
        };
        name = unit.Length == 0 || name.EndsWith($"_{unit}", StringComparison.Ordinal) ? name : $"{name}_{unit}";
        return KindOf(metric) is not "counter" || name.EndsWith("_total", StringComparison.Ordinal) ? name : $"{name}_total";
    }

    /// <returns>Null if the format cannot express it.</returns>
    private static string? KindOf(Metric metric) => metric.MetricType switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic or MetricType.LongGauge or MetricType.DoubleGauge => "gauge",
        MetricType.Histogram => "histogram",
        _ => null,
    };

    private static string Plain(string name) => string.Concat(name.Select(static (c, i) => char.IsAsciiLetter(c) || (char.IsAsciiDigit(c) && i > 0) ? c : '_'));

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private void Head(string name, string kind, string? description)
    {
        if (description is { Length: > 0 })
        {
            text.Append("# HELP ").Append(name).Append(' ').Append(description.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        }

        text.Append("# TYPE ").Append(name).Append(' ').Append(kind).Append('\n');
    }

    private void Add(string name, Metric metric)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = new List<KeyValuePair<string, object?>>();
            foreach (var tag in point.Tags)
            {
                labels.Add(tag);
            }

            if (!written.Add(name + Labels(labels)))
            {
                continue;
            }

            switch (metric.MetricType)
            {
                case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                    Line(name, labels, point.GetSumLong().ToString(CultureInfo.InvariantCulture));
                    break;
                case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                    Line(name, labels, Number(point.GetSumDouble()));
                    break;
                case MetricType.LongGauge:
                    Line(name, labels, point.GetGaugeLastValueLong().ToString(CultureInfo.InvariantCulture));
                    break;
                case MetricType.DoubleGauge:
                    Line(name, labels, Number(point.GetGaugeLastValueDouble()));
                    break;
                default:
                    AddHistogram(name, labels, point);
                    break;
            }
        }
    }

    private void AddHistogram(string name, List<KeyValuePair<string, object?>> labels, in MetricPoint point)
    {
        var count = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            Line($"{name}_bucket", [.. labels, KeyValuePair.Create("le", (object?)Number(bucket.ExplicitBound))], count.ToString(CultureInfo.InvariantCulture));
        }

        Line($"{name}_sum", labels, Number(point.GetHistogramSum()));
        Line($"{name}_count", labels, count.ToString(CultureInfo.InvariantCulture));
    }

    private void Line(string name, List<KeyValuePair<string, object?>> labels, string value) =>
        text.Append(name).Append(Labels(labels)).Append(' ').Append(value).Append('\n');

    private static string Labels(List<KeyValuePair<string, object?>> labels)
    {
        if (labels.Count == 0)
        {
            return "";
        }

        var escaped = new StringBuilder();
        for (var i = 0; i < labels.Count; i++)
        {
            escaped.Append(i == 0 ? '{' : ',').Append(Plain(labels[i].Key)).Append("=\"");
            foreach (var c in TextOf(labels[i].Value))
            {
                _ = c switch
                {
                    '\\' => escaped.Append("\\\\"),
                    '"' => escaped.Append("\\\""),
                    '\n' => escaped.Append("\\n"),
                    _ => escaped.Append(c),
                };
            }

            escaped.Append('"');
        }

        return escaped.Append('}').ToString();
    }

    private static string TextOf(object? value) => value is bool flag ? (flag ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
