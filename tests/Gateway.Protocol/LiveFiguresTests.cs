using System.Diagnostics.Metrics;
using Lockstep.Core.Metering;
using Lockstep.Gateway.Console.Administration.Figures;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Protocol;

/// <summary>What the figures of the last minutes are made of. Other servers in this process have meters of the same names, so values here are far from theirs.</summary>
public sealed class LiveFiguresTests : IDisposable
{
    private readonly FakeTime time = new();
    private readonly OneMeterFactory meters = new();
    private readonly Histogram<double> requests;
    private readonly LiveFigures figures;

    public LiveFiguresTests()
    {
        requests = meters.Create(new MeterOptions("Microsoft.AspNetCore.Hosting")).CreateHistogram<double>("http.server.request.duration");
        figures = new LiveFigures(time, meters);
    }

    public void Dispose()
    {
        figures.Dispose();
        meters.Dispose();
    }

    [Fact]
    public async Task Requests_AreCountedByStep_AndByHowTheyEnded()
    {
        await figures.StartAsync(CancellationToken.None);
        Record(200, 0.010, 98);
        Record(500, 0.010, 1);
        Record(503, 3, 1);
        time.Advance(LiveFigures.Step);
        Record(404, 0.001, 10);
        time.Advance(LiveFigures.Step);

        var report = figures.Read();

        Assert.Equal([20.0, 2.0], report.Series["requests"]);
        Assert.Equal([0.2, 0.0], report.Series["errors"]);
        Assert.Equal([0.2, 0.0], report.Series["refusals"]);
        Assert.InRange(report.Series["p50"][0]!.Value, 10, 12);
        Assert.InRange(report.Series["p99"][0]!.Value, 10, 12);
        Assert.Equal((10.0, 110, 1, 1), (report.Minute.Seconds, report.Minute.Requests, report.Minute.Errors, report.Minute.Refusals));
        Assert.Equal(5_000, report.At[1] - report.At[0]);
    }

    [Fact]
    public async Task Step_WithoutRequests_HasNoDuration()
    {
        await figures.StartAsync(CancellationToken.None);
        time.Advance(LiveFigures.Step);

        Assert.Equal([null], figures.Read().Series["p99"]);
        Assert.Null(figures.Read().Minute.P50);
    }

    [Fact]
    public async Task Steps_ThatAreTooOld_AreForgotten()
    {
        await figures.StartAsync(CancellationToken.None);
        for (var i = 0; i < LiveFigures.Steps + 3; i++)
        {
            Record(200, 0.010, i);
            time.Advance(LiveFigures.Step);
        }

        var report = figures.Read();

        Assert.Equal(LiveFigures.Steps, report.At.Count);
        Assert.All(report.Series.Values, static values => Assert.Equal(LiveFigures.Steps, values.Count));
        Assert.Equal(3 / 5.0, report.Series["requests"][0]);
    }

    [Fact]
    public async Task Requests_OfAnotherServer_AreNotCounted()
    {
        using var others = new OneMeterFactory();
        var other = others.Create(new MeterOptions("Microsoft.AspNetCore.Hosting")).CreateHistogram<double>("http.server.request.duration");
        await figures.StartAsync(CancellationToken.None);

        other.Record(1, new KeyValuePair<string, object?>("http.response.status_code", 200));
        time.Advance(LiveFigures.Step);

        Assert.Equal([0.0], figures.Read().Series["requests"]);
    }

    [Fact]
    public async Task Instruments_AreRead_AddedUpOrTheWorst_AndTotalsBecomeDifferences()
    {
        const long high = 1L << 40;
        var faults = high;
        using var first = new Meter(LockstepMeter.Name);
        using var second = new Meter(LockstepMeter.Name);
        foreach (var meter in new[] { first, second })
        {
            meter.CreateObservableUpDownCounter("lockstep.queue.operations", static () => high);
            meter.CreateObservableCounter("lockstep.store.faults", () => faults);
        }

        first.CreateObservableGauge("lockstep.lease.age", static () => 1e9);
        second.CreateObservableGauge("lockstep.lease.age", static () => 3e9);
        await figures.StartAsync(CancellationToken.None);
        time.Advance(LiveFigures.Step);
        faults += high;
        time.Advance(LiveFigures.Step);

        var series = figures.Read().Series;
        Assert.InRange(series["queue"][1]!.Value, 2.0 * high, 2.1 * high);
        Assert.Equal(3e9, series["leaseAge"][1]);
        Assert.Null(series["storeFaults"][0]);
        Assert.InRange(series["storeFaults"][1]!.Value, 1.9 * high, 2.1 * high);
    }

    [Fact]
    public async Task Instrument_ThatFails_HasNoValue_AndTheOthersHave()
    {
        using var meter = new Meter(LockstepMeter.Name);
        meter.CreateObservableUpDownCounter<long>("lockstep.live.streams", static long () => throw new InvalidOperationException("No."));
        await figures.StartAsync(CancellationToken.None);
        Record(200, 0.010, 5);

        time.Advance(LiveFigures.Step);

        Assert.Equal([1.0], figures.Read().Series["requests"]);
    }

    private void Record(int status, double seconds, int count)
    {
        for (var i = 0; i < count; i++)
        {
            requests.Record(seconds, new KeyValuePair<string, object?>("http.request.method", "GET"), new KeyValuePair<string, object?>("http.response.status_code", status));
        }
    }

    /// <summary>Makes meters of one server.</summary>
    private sealed class OneMeterFactory : IMeterFactory
    {
        private readonly List<Meter> made = [];

        public Meter Create(MeterOptions options)
        {
            made.Add(new Meter(options.Name, options.Version, options.Tags, scope: this));
            return made[^1];
        }

        public void Dispose() => made.ForEach(static meter => meter.Dispose());
    }
}
