using System.Text.Json;
using System.Text.RegularExpressions;

namespace Lockstep.Gateway.Protocol;

/// <summary>What docs/operations and k8s/monitoring say, as far as a test can compare it.</summary>
internal static partial class MonitoringDocs
{
    private static readonly string Root = FindRoot();

    /// <summary>Rows of the tables of monitoring.md whose first cell is a metric's name; cells without backquotes.</summary>
    public static IReadOnlyList<string[]> Metrics { get; } =
        [.. Lines("docs/operations/monitoring.md").Where(static line => MetricRow().IsMatch(line)).Select(Cells)];

    public static IEnumerable<string> Settings =>
        Lines("docs/operations/monitoring.md").Where(static line => line.StartsWith("| `Telemetry:", StringComparison.Ordinal));

    public static IEnumerable<string> Configuration => Lines("docs/operations/configuration.md");

    /// <summary>Queries of the dashboard.</summary>
    public static IEnumerable<string> DashboardQueries
    {
        get
        {
            using var dashboard = JsonDocument.Parse(Read("k8s/monitoring/dashboard.json"));
            return
            [
                .. dashboard.RootElement.GetProperty("panels").EnumerateArray()
                    .Where(panel => panel.TryGetProperty("targets", out _))
                    .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
                    .Select(target => target.GetProperty("expr").GetString()!),
            ];
        }
    }

    /// <summary>Alerts with their queries and where their annotation says the runbook is.</summary>
    public static IReadOnlyList<(string Name, string Query, string Runbook)> Alerts { get; } =
        [.. Read("k8s/monitoring/alerts.yaml").Split("- alert: ")[1..].Select(static text => (
            text.Split('\n')[0],
            Query().Match(text).Groups["query"].Value,
            text.Split("runbook: ")[1].Split('\n')[0]))];

    /// <summary>Headings of the runbook and the text below each.</summary>
    public static IReadOnlyDictionary<string, string> Runbook { get; } =
        Read("docs/operations/runbook.md").Split("\n## ")[1..].ToDictionary(static text => text.Split('\n')[0], static text => text, StringComparer.Ordinal);

    /// <summary>The metrics and labels that a query names.</summary>
    public static (ISet<string> Metrics, ISet<string> Labels) Names(string query)
    {
        var labels = new HashSet<string>(StringComparer.Ordinal);
        var rest = Quoted().Replace(query, "''");
        rest = Selector().Replace(rest, match => Take(match.Groups[1].Value));
        rest = Grouping().Replace(rest, match => Take(match.Groups[1].Value));
        rest = Range().Replace(rest, " ");
        var metrics = Name().Matches(rest).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);
        metrics.ExceptWith(["or", "and", "unless", "offset", "m"]);
        return (metrics, labels);

        string Take(string names)
        {
            labels.UnionWith(Name().Matches(names).Select(match => match.Value));
            return " ";
        }
    }

    public static string[] Cells(string row) =>
        [.. Bar().Split(row.Trim().Trim('|')).Select(static cell => cell.Trim())];

    public static string[] Lines(string path) => Read(path).Split('\n');

    private static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string FindRoot()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Cluster.sln")))
            {
                return directory;
            }
        }

        throw new InvalidOperationException("The repository's root was not found above the tests.");
    }

    [GeneratedRegex("^\\| `[a-z]+\\.[a-z_.]+` \\|")]
    private static partial Regex MetricRow();

    [GeneratedRegex("expr: (?:>-)?(?<query>.*?)\\n        (?:for|labels):", RegexOptions.Singleline)]
    private static partial Regex Query();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("\\{([^}]*)\\}")]
    private static partial Regex Selector();

    [GeneratedRegex("\\b(?:by|without|on)\\s*\\(([^)]*)\\)")]
    private static partial Regex Grouping();

    [GeneratedRegex("\\[[^\\]]*\\]|\\b[0-9][0-9.]*[smhd]?\\b")]
    private static partial Regex Range();

    [GeneratedRegex("\\b[a-zA-Z_][a-zA-Z0-9_]*\\b(?!\\s*\\()")]
    private static partial Regex Name();

    [GeneratedRegex("(?<!\\\\)\\|")]
    private static partial Regex Bar();
}
