using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Lockstep.Gateway.Protocol;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.EndToEnd;

/// <summary>What the program sends over OTLP, seen by a receiver; and what happens when there is none.</summary>
public sealed class TelemetryTests : IAsyncLifetime
{
    private const string Route = "/v1/buckets/{bucket}/collections/{collection}/records";
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    private TestStorage storage = null!;

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync() => await storage.DisposeAsync();

    [Theory]
    [InlineData("grpc", "00:00:01", true)]
    [InlineData("http/protobuf", "01:00:00", false)]
    public async Task Metrics_ArriveWithTheirNumbers_AtTheStopAtLatest_AndNameNobody(string protocol, string interval, bool alsoBefore)
    {
        await using var receiver = await OtlpReceiver.StartAsync(protocol is "grpc");
        var (server, address) = await ServerProcess.StartAsync(
            storage, ["--telemetry:otlp-endpoint", receiver.Address, "--telemetry:protocol", protocol, "--telemetry:interval", interval]);
        using (server)
        {
            await WorkAsync(address);
            if (alsoBefore)
            {
                await receiver.UntilAsync(() => receiver.Points.GetValueOrDefault("lockstep.commit.duration{lockstep.status=done}") == 3);
            }

            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        Assert.Equal(3, receiver.Points["lockstep.commit.duration{lockstep.status=done}"]);
        Assert.Equal(3, receiver.Points["lockstep.turn.duration{}"]);

        // Owners leave before the last sending.
        Assert.Equal(0, receiver.Points["lockstep.owner.count{}"]);
        Assert.Equal(0, receiver.Points["lockstep.queue.operations{}"]);
        Assert.Equal(1, receiver.Points["lockstep.sign_ins{lockstep.status=succeeded}"]);

        // The account's own registration came with its password too.
        Assert.Equal(3, receiver.Points["lockstep.sign_ins{lockstep.status=refused}"]);
        Assert.Equal(3, receiver.Points[$"http.server.request.duration{{{Tags("PUT", 201, Route + "/{record}")}}}"]);
        Assert.Equal(2, receiver.Points[$"http.server.request.duration{{{Tags("GET", 401, Route)}}}"]);
        Assert.Equal(PostgresServer.IsChosen, receiver.Names.Contains("lockstep.lease.age", StringComparer.Ordinal));
        Assert.Subset(
            receiver.Names.ToHashSet(StringComparer.Ordinal),
            MonitoringDocs.Metrics.Where(row => PostgresServer.IsChosen || !row.Any(cell => cell.StartsWith("PostgreSQL:", StringComparison.Ordinal)))
                .Select(row => row[0].Trim('`')).ToHashSet(StringComparer.Ordinal));
        Assert.Equal("lockstep", receiver.Resource["service.name"]);
        Assert.StartsWith("0.2.0", receiver.Resource["service.version"], StringComparison.Ordinal);
        Assert.Contains(':', receiver.Resource["service.instance.id"]);
        Assert.Empty(receiver.Spans);
        AssertNamesNobody(receiver);

        static string Tags(string method, int status, string route) =>
            $"http.request.method={method},http.response.status_code={status},http.route={route},network.protocol.version=1.1,url.scheme=http";
    }

    [Fact]
    public async Task Traces_ArriveWithoutAnythingThatAClientSent()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var (server, address) = await ServerProcess.StartAsync(
            storage, ["--telemetry:otlp-endpoint", receiver.Address, "--telemetry:protocol", "http/protobuf", "--telemetry:trace-ratio", "1"]);
        using (server)
        {
            await WorkAsync(address);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        const string end = "network.protocol.version=1.1,url.scheme=http}";
        var put = $"PUT {Route}/{{record}}{{http.request.method=PUT,http.response.status_code=201,http.route={Route}/{{record}},{end}";
        Assert.Equal(3, receiver.Spans.Count(span => span == put));
        Assert.Contains($"HTTP{{http.request.method=_OTHER,http.response.status_code=404,{end}", receiver.Spans);
        Assert.Equal(PostgresServer.IsChosen, receiver.Spans.Any(span => span.StartsWith("postgresql{db.system.name=postgresql}", StringComparison.Ordinal)));
        AssertNamesNobody(receiver);
    }

    [Fact]
    public async Task Client_ThatAsksToBeTraced_IsTracedAsOftenAsAnyOther()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var (server, address) = await ServerProcess.StartAsync(
            storage, ["--telemetry:otlp-endpoint", receiver.Address, "--telemetry:protocol", "http/protobuf", "--telemetry:trace-ratio", "0.0000000001"]);
        using (server)
        {
            await WorkAsync(address);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        Assert.Equal(3, receiver.Points["lockstep.turn.duration{}"]);
        Assert.Empty(receiver.Spans);
    }

    [Fact]
    public async Task Environment_GivesHeadersAndAttributes_AndNothingThatASettingSays()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var environment = new Dictionary<string, string>(storage.Environment)
        {
            ["OTEL_RESOURCE_ATTRIBUTES"] = "k8s.pod.name=lockstep-0,service.name=another",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "Authorization=Bearer of-the-receiver",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9",
            ["OTEL_SERVICE_NAME"] = "another",
            ["OTEL_TRACES_SAMPLER"] = "always_on",
        };
        var (server, _) = await ServerProcess.StartAsync(
            storage.Directory,
            ["--telemetry:otlp-endpoint", receiver.Address, "--telemetry:protocol", "http/protobuf", "--telemetry:trace-ratio", "0.0000000001"],
            environment);
        using (server)
        {
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        Assert.Equal("lockstep-0", receiver.Resource["k8s.pod.name"]);
        Assert.Equal("lockstep", receiver.Resource["service.name"]);
        Assert.Equal(["Bearer of-the-receiver"], receiver.Authorizations.Distinct(StringComparer.Ordinal));
        Assert.Empty(receiver.Spans);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receiver_ThatIsAway_HoldsUpNeitherRequestsNorTheStop_AndIsMissedInOneLine(bool listens)
    {
        // One takes connections and never answers, the other refuses them.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        if (listens)
        {
            silent.Listen();
        }

        var receiver = $"http://{silent.LocalEndPoint}";
        var (server, address) = await ServerProcess.StartAsync(
            storage,
            ["--telemetry:otlp-endpoint", receiver, "--telemetry:protocol", "http/protobuf", "--telemetry:interval", "00:00:01", "--http:drain-time", "00:00:00"]);
        using (server)
        {
            await WorkAsync(address);
            await server.SaysAsync("\"EventId\":30,");
            using var alice = new Device(address, "alice", "s3cr3t-word");
            Assert.Equal(HttpStatusCode.Created, (await alice.PutAsync("later")).Status);
            OtlpReceiver? back = null;
            if (!listens)
            {
                // It comes back, and is told what happened meanwhile.
                silent.Dispose();
                back = await OtlpReceiver.StartAsync(address: receiver);
                await back.UntilAsync(() => back.Points.GetValueOrDefault("lockstep.commit.duration{lockstep.status=done}") == 4);
                await server.SaysAsync("\"EventId\":31,");
            }

            var begun = Stopwatch.GetTimestamp();
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());

            // A member of a cluster first says that it goes; the sender's own patience is 15 seconds.
            Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 0, 10);
            await (back?.DisposeAsync() ?? ValueTask.CompletedTask);
            Assert.Single(server.Output.Split('\n'), line => line.Contains("Telemetry cannot be sent", StringComparison.Ordinal));
        }
    }

    /// <summary>Three records, a list, two wrong passwords, and what a client may send that nobody else shall see.</summary>
    private static async Task WorkAsync(Uri address)
    {
        using var alice = new Device(address, "alice", "s3cr3t-word");
        await alice.RegisterAsync("alice", "s3cr3t-word");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.Created, (await alice.PutAsync($"shopping{i}")).Status);
        }

        Assert.Equal(HttpStatusCode.OK, await alice.StatusAsync(Device.Records + "?_since=0&in_id=shopping1"));
        using var mallory = new Device(address, "alice", "wr0ng-word");
        Assert.Equal(HttpStatusCode.Unauthorized, await mallory.StatusAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, await mallory.StatusAsync());

        using var http = new HttpClient { BaseAddress = address };
        using var odd = new HttpRequestMessage(new HttpMethod("SHOPPING"), "/v1/shopping-list?of=alice");
        odd.Headers.TryAddWithoutValidation("User-Agent", "shopping-agent");
        odd.Headers.TryAddWithoutValidation("traceparent", $"00-{TraceId}-b7ad6b7169203331-01");
        odd.Headers.TryAddWithoutValidation("tracestate", "alice=shopping");
        odd.Headers.TryAddWithoutValidation("baggage", "alice=shopping");
        using var answer = await http.SendAsync(odd);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private static void AssertNamesNobody(OtlpReceiver receiver)
    {
        Assert.All(["alice", "shopping", "SHOPPING", "s3cr3t", "wr0ng", "_since"], text => Assert.False(receiver.Mentions(text), text));
        Assert.False(receiver.Mentions(Convert.FromHexString(TraceId)));
    }
}
