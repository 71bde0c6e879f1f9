using System.Diagnostics.Metrics;

namespace Lockstep.Gateway.Protocol;

/// <summary>Docs, dashboard, alerts and runbook say what the program does.</summary>
public sealed class MonitoringDocsTests
{
    /// <summary>Labels that Prometheus makes.</summary>
    private static readonly string[] OfPrometheus = ["job", "instance", "le"];

    [Fact]
    public async Task Table_HasTheInstrumentsOfTheServer_AndNoOthers()
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == "Lockstep")
                {
                    lock (found)
                    {
                        found[instrument.Name] = $"{Kind(instrument)} {instrument.Unit}";
                    }
                }
            },
        };
        listener.Start();
        var server = await KintoServer.StartAsync();
        await server.DisposeAsync();

        var documented = Ours.Where(row => KintoServer.OnPostgres || !row[5].StartsWith("PostgreSQL:", StringComparison.Ordinal))
            .ToDictionary(row => Text(row[0]), row => $"{row[1]} {Text(row[2])}", StringComparer.Ordinal);
        lock (found)
        {
            Assert.Equal(documented.OrderBy(row => row.Key, StringComparer.Ordinal), found.OrderBy(row => row.Key, StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Table_NamesThemAsPrometheusDoes()
    {
        Assert.NotEmpty(Ours);
        Assert.All(Ours, row =>
        {
            var unit = Text(row[2]) switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
            Assert.Equal(Text(row[0]).Replace('.', '_') + unit + (row[1] == "Counter" ? "_total" : ""), Text(row[3]));
        });
    }

    [Fact]
    public void Dashboard_AsksOnlyForWhatIsThere()
    {
        var queries = MonitoringDocs.DashboardQueries.ToList();

        Assert.InRange(queries.Count, 20, int.MaxValue);
        Assert.All(queries, AssertKnown);
    }

    [Fact]
    public void Alerts_AskOnlyForWhatIsThere_AndHaveARunbook()
    {
        Assert.InRange(MonitoringDocs.Alerts.Count, 10, int.MaxValue);
        Assert.Equal(MonitoringDocs.Alerts.Select(alert => alert.Name).Order(StringComparer.Ordinal), MonitoringDocs.Runbook.Keys.Order(StringComparer.Ordinal));
        Assert.All(MonitoringDocs.Alerts, alert =>
        {
            AssertKnown(alert.Query);
            Assert.Equal($"docs/operations/runbook.md#{alert.Name.ToLowerInvariant()}", alert.Runbook);
            Assert.All(["| Means |", "| Look at |", "| Do |"], part => Assert.Contains(part, MonitoringDocs.Runbook[alert.Name], StringComparison.Ordinal));
        });
    }

    [Fact]
    public void Metrics_OfTheServer_AreAllOnTheDashboard()
    {
        var shown = MonitoringDocs.DashboardQueries.SelectMany(query => MonitoringDocs.Names(query).Metrics).ToHashSet(StringComparer.Ordinal);

        Assert.All(Ours, row => Assert.Contains(shown, name => Names(row[1], Text(row[3])).Contains(name)));
    }

    [Fact]
    public void Settings_AreTheSameInBothPlaces()
    {
        Assert.Equal(10, MonitoringDocs.Settings.Count());
        Assert.All(MonitoringDocs.Settings, row => Assert.Contains(row, MonitoringDocs.Configuration));
    }

    private static IEnumerable<string[]> Ours => MonitoringDocs.Metrics.Where(row => row.Length == 7);

    private static IEnumerable<string[]> OfTheFramework => MonitoringDocs.Metrics.Where(row => row.Length == 4);

    private static void AssertKnown(string query)
    {
        var metrics = Ours.SelectMany(row => Names(row[1], Text(row[3])))
            .Concat(OfTheFramework.SelectMany(row => Names(Text(row[0]).EndsWith(".duration", StringComparison.Ordinal) ? "Histogram" : "", Text(row[1]))))
            .ToHashSet(StringComparer.Ordinal);
        var labels = Ours.Select(row => row[4]).Concat(OfTheFramework.Select(row => row[2]))
            .SelectMany(tags => tags.Split('`').Where(tag => tag.Contains('.', StringComparison.Ordinal)))
            .Select(tag => tag.Replace('.', '_'))
            .Concat(OfPrometheus)
            .ToHashSet(StringComparer.Ordinal);
        var named = MonitoringDocs.Names(query);

        Assert.NotEmpty(named.Metrics);
        Assert.Subset(metrics, named.Metrics);
        Assert.Subset(labels, named.Labels);
    }

    private static string[] Names(string kind, string metric) => kind == "Histogram" ? [metric + "_bucket", metric + "_sum", metric + "_count"] : [metric];

    private static string Text(string cell) => cell.Trim('`');

    private static string Kind(Instrument instrument) => instrument switch
    {
        Histogram<double> or Histogram<int> => "Histogram",
        ObservableCounter<long> => "Counter",
        ObservableUpDownCounter<long> or ObservableUpDownCounter<int> => "UpDownCounter",
        ObservableGauge<double> => "Gauge",
        _ => instrument.GetType().Name,
    };
}
