using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Lockstep.EndToEnd;

/// <summary>Takes what a server sends over OTLP, on a free loopback port. Field numbers are those of opentelemetry-proto 1.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<byte[]> bodies = new();
    private readonly ConcurrentDictionary<string, double> points = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> resource = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> spans = new();
    private readonly ConcurrentQueue<string> authorizations = new();
    private TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpReceiver(bool grpc, string address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        app = builder.Build();
        app.MapPost("/v1/metrics", context => TakeAsync(context, ReadMetrics));
        app.MapPost("/v1/traces", context => TakeAsync(context, ReadSpans));
        app.MapPost("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", context => TakeCallAsync(context, ReadMetrics));
        app.MapPost("/opentelemetry.proto.collector.trace.v1.TraceService/Export", context => TakeCallAsync(context, ReadSpans));
    }

    public string Address { get; private set; } = "";

    /// <summary>Names of all metrics that came.</summary>
    public IEnumerable<string> Names => points.Keys.Select(static key => key.Split('{')[0]).Distinct(StringComparer.Ordinal);

    /// <summary>The last value of each stream, <c>name{tag=value,…}</c>: sums, gauges, and counts of histograms.</summary>
    public IReadOnlyDictionary<string, double> Points => points;

    public IReadOnlyDictionary<string, string> Resource => resource;

    /// <summary><c>name{tag=value,…}</c> with the names of its events behind it.</summary>
    public IReadOnlyCollection<string> Spans => spans;

    /// <summary>The header <c>Authorization</c> of each sending.</summary>
    public IReadOnlyCollection<string> Authorizations => authorizations;

    public static async Task<OtlpReceiver> StartAsync(bool grpc = false, string address = "http://127.0.0.1:0")
    {
        var receiver = new OtlpReceiver(grpc, address);
        await receiver.app.StartAsync();
        receiver.Address = receiver.app.Urls.First();
        return receiver;
    }

    /// <summary>All that came, as it came.</summary>
    public byte[] Bytes => [.. bodies.SelectMany(static body => body)];

    /// <summary>Whether a text has come anywhere, in names, values or descriptions.</summary>
    public bool Mentions(string text) => Mentions(Encoding.UTF8.GetBytes(text));

    public bool Mentions(byte[] value) => bodies.Any(body => body.AsSpan().IndexOf(value) >= 0);

    /// <summary>Waits for sendings until it holds.</summary>
    public async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var next = Volatile.Read(ref arrived).Task;
            if (holds())
            {
                return;
            }

            try
            {
                await next.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"It did not come. There is: {string.Join('\n', points.Select(static point => point.ToString()).Order())}\n{string.Join('\n', spans)}", e);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context, Action<ReadOnlyMemory<byte>> read)
    {
        Assert.Equal("application/x-protobuf", context.Request.ContentType);
        Take(await BodyAsync(context), read);
        context.Response.ContentType = "application/x-protobuf";
    }

    private async Task TakeCallAsync(HttpContext context, Action<ReadOnlyMemory<byte>> read)
    {
        Assert.Equal("application/grpc", context.Request.ContentType);

        // A flag and the length before the message; an empty one as the answer.
        Take((await BodyAsync(context))[5..], read);
        context.Response.ContentType = "application/grpc";
        context.Response.AppendTrailer("grpc-status", "0");
        await context.Response.Body.WriteAsync(new byte[5]);
    }

    private async Task<byte[]> BodyAsync(HttpContext context)
    {
        authorizations.Enqueue(context.Request.Headers.Authorization.ToString());
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        return body.ToArray();
    }

    private void Take(byte[] body, Action<ReadOnlyMemory<byte>> read)
    {
        bodies.Enqueue(body);
        read(body);
        Interlocked.Exchange(ref arrived, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private void ReadMetrics(ReadOnlyMemory<byte> request)
    {
        foreach (var ofResource in ProtobufField.Each(request, 1))
        {
            foreach (var (key, value) in ProtobufField.Each(ofResource, 1).SelectMany(described => Attributes(described, 1)))
            {
                resource[key] = value;
            }

            foreach (var metric in ProtobufField.Each(ofResource, 2).SelectMany(scope => ProtobufField.Each(scope, 2)))
            {
                ReadMetric([.. ProtobufField.Read(metric)]);
            }
        }
    }

    private void ReadMetric(List<ProtobufField> metric)
    {
        var name = metric.Find(field => field.Number == 1).AsText;
        foreach (var data in metric.Where(field => field.Number is 5 or 7 or 9))
        {
            foreach (var point in ProtobufField.Each(data.Bytes, 1))
            {
                var isHistogram = data.Number == 9;
                var value = ProtobufField.Read(point).Where(field => field.Number is 4 or 6).Select(field => field switch
                {
                    { Number: 4 } when !isHistogram => field.AsDouble,
                    _ => (long)field.Value,
                }).First();
                points[name + Tags(point, isHistogram ? 9 : 7)] = value;
            }
        }
    }

    private void ReadSpans(ReadOnlyMemory<byte> request)
    {
        foreach (var span in ProtobufField.Each(request, 1).SelectMany(ofResource => ProtobufField.Each(ofResource, 2)).SelectMany(scope => ProtobufField.Each(scope, 2)))
        {
            var events = ProtobufField.Each(span, 11).Select(one => " " + ProtobufField.Read(one).First(field => field.Number == 2).AsText);
            spans.Enqueue(ProtobufField.Read(span).First(field => field.Number == 5).AsText + Tags(span, 9) + string.Concat(events));
        }
    }

    private static string Tags(ReadOnlyMemory<byte> message, int number) =>
        $"{{{string.Join(',', Attributes(message, number).Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal))}}}";

    private static IEnumerable<KeyValuePair<string, string>> Attributes(ReadOnlyMemory<byte> message, int number) =>
        ProtobufField.Each(message, number).Select(attribute =>
        {
            var value = ProtobufField.Read(ProtobufField.Each(attribute, 2).Single()).First();
            return KeyValuePair.Create(ProtobufField.Read(attribute).First(field => field.Number == 1).AsText, value.Number == 1 ? value.AsText : value.Value.ToString());
        });
}
