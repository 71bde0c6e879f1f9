using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Lockstep.Silo.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Lockstep.Gateway.Protocol;

/// <summary>Measurements for a StatsD.</summary>
public sealed class StatsdTests : IDisposable
{
    private readonly Meter meter = new($"Tests.{Guid.NewGuid()}");

    public void Dispose() => meter.Dispose();

    [Fact]
    public void Values_AreCountersGaugesAndTimers_OfWhatIsNew()
    {
        var counter = meter.CreateCounter<long>("lockstep.refusals");
        var gauge = meter.CreateGauge<double>("lockstep.clock.difference");
        var queue = meter.CreateUpDownCounter<long>("other.queue");
        var duration = meter.CreateHistogram("lockstep.turn.duration", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.1] });
        using var sending = new Sending(meter, new StatsdText("sync.eu", hasTags: false));
        counter.Add(2, KeyValuePair.Create<string, object?>("reason", "too late"));
        gauge.Record(-0.5);
        queue.Add(5);
        duration.Record(0.005);
        duration.Record(0.05);
        duration.Record(0.05);
        duration.Record(0.3);

        Assert.Equal(
            [
                "sync.eu.refusals.too_late:2|c", "sync.eu.clock.difference:0|g", "sync.eu.clock.difference:-0.5|g", "sync.eu.other.queue:5|g",
                "sync.eu.turn.duration:5|ms", "sync.eu.turn.duration:55|ms|@0.5", "sync.eu.turn.duration:200|ms",
            ],
            sending.Send());

        // Counters and timers begin anew, and what is current is told again.
        counter.Add(1, KeyValuePair.Create<string, object?>("reason", "too late"));
        queue.Add(-2);
        Assert.Equal(["sync.eu.refusals.too_late:1|c", "sync.eu.other.queue:3|g"], sending.Send().Where(static line => !line.Contains("clock", StringComparison.Ordinal)));
    }

    [Fact]
    public void Tags_AreDogStatsds_WhereThatIsSaid()
    {
        var counter = meter.CreateCounter<long>("lockstep.http.requests");
        using var sending = new Sending(meter, new StatsdText("", hasTags: true));
        counter.Add(1, KeyValuePair.Create<string, object?>("http.route", "/v1/buckets/{bucket}"), KeyValuePair.Create<string, object?>("b", true));

        Assert.Equal(["http.requests:1|c|#b:true,http.route:v1_buckets_bucket"], sending.Send());
    }

    [Fact]
    public void Datagrams_HaveAsManyLinesAsFitIntoAFrame()
    {
        var lines = Enumerable.Range(0, 100).Select(static i => $"name{i}:{new string('1', 40)}|c").Append(new string('x', 2000)).ToList();

        var datagrams = StatsdSender.Pack(lines).Select(Encoding.ASCII.GetString).ToList();

        Assert.InRange(datagrams.Count, 4, 5);
        Assert.All(datagrams, static datagram => Assert.InRange(datagram.Length, 1, 1432));
        Assert.Equal(lines[..^1], datagrams.SelectMany(static datagram => datagram.Split('\n')));
    }

    [Fact]
    public async Task Server_ThatIsTold_SendsWhatItMeasures_AtTheStopAtLatest_AndNamesNobody()
    {
        using var receiver = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        receiver.Client.ReceiveBufferSize = 1 << 20;
        var server = await KintoServer.StartAsync(options => options with
        {
            Telemetry = new TelemetryOptions { StatsdEndpoint = $"udp://{receiver.Client.LocalEndPoint}", StatsdPrefix = "sync", Interval = TimeSpan.FromHours(1) },
        });
        try
        {
            using var user = await server.NewUserAsync();
            Assert.Equal(201, (await user.PutAsync(KintoClient.Records + "/n0b0dys", "{}")).Status);
        }
        finally
        {
            await server.DisposeAsync();
        }

        var lines = new List<string>();
        while (receiver.Available > 0)
        {
            var from = new IPEndPoint(IPAddress.Any, 0);
            lines.AddRange(Encoding.ASCII.GetString(receiver.Receive(ref from)).Split('\n'));
        }

        Assert.Contains(lines, static line => line.StartsWith("sync.commit.duration.done:", StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.StartsWith("sync.http.server.request.duration.PUT.201.v1_buckets_bucket_collections_collection_records_record.", StringComparison.Ordinal));
        Assert.All(lines, static line => Assert.Matches(@"^sync\.[A-Za-z0-9_.-]+:-?[0-9.]+\|(c|g|ms)(\|@[0-9.]+)?$", line));
        Assert.All(lines, static line => Assert.DoesNotContain("n0b0dys", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("127.0.0.1:8125")]
    [InlineData("http://127.0.0.1:8125")]
    [InlineData("udp://127.0.0.1")]
    [InlineData("udp://127.0.0.1:8125/path")]
    public void Endpoint_ThatIsNone_IsAProblem(string endpoint) =>
        Assert.Contains("Telemetry:StatsdEndpoint", Assert.Single(new TelemetryOptions { StatsdEndpoint = endpoint }.Problems()), StringComparison.Ordinal);

    [Theory]
    [InlineData("a b")]
    [InlineData(".a")]
    [InlineData("a:b")]
    public void Prefix_ThatWouldBreakNames_IsAProblem(string prefix) =>
        Assert.Contains("Telemetry:StatsdPrefix", Assert.Single(new TelemetryOptions { StatsdEndpoint = "udp://127.0.0.1:8125", StatsdPrefix = prefix }.Problems()), StringComparison.Ordinal);

    private sealed class Sending : IDisposable
    {
        private readonly Taken taken;
        private readonly MeterProvider provider;

        public Sending(Meter meter, StatsdText text)
        {
            taken = new Taken(text);
            provider = Sdk.CreateMeterProviderBuilder().AddMeter(meter.Name)
                .AddReader(new BaseExportingMetricReader(taken) { TemporalityPreference = MetricReaderTemporalityPreference.Delta }).Build();
        }

        public IReadOnlyList<string> Send()
        {
            Assert.True(provider.ForceFlush());
            return taken.Lines;
        }

        public void Dispose() => provider.Dispose();
    }

    private sealed class Taken(StatsdText text) : BaseExporter<Metric>
    {
        public IReadOnlyList<string> Lines { get; private set; } = [];

        public override ExportResult Export(in Batch<Metric> batch)
        {
            var metrics = new List<Metric>();
            foreach (var metric in batch)
            {
                metrics.Add(metric);
            }

            Lines = [.. text.Write(metrics)];
            return ExportResult.Success;
        }
    }
}
