using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Lockstep.EndToEnd;

/// <summary>Takes lines of the log as a Sentry does, on a free loopback port: at the path of a project, by the header with the project's public key, as protobuf. Field numbers are those of opentelemetry-proto 1.</summary>
public sealed class SentryReceiver : IAsyncDisposable
{
    public const string Path = "/api/42/integration/otlp/v1/logs";
    public const string Header = "x-sentry-auth";
    public const string HeaderValue = "sentry sentry_key=0f1e2d3c4b5a";

    private readonly WebApplication app;
    private readonly ConcurrentQueue<SentLine> lines = new();
    private readonly ConcurrentQueue<string> refused = new();

    private SentryReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(TakeAsync);
    }

    public string Address => app.Urls.First();

    public IReadOnlyCollection<SentLine> Lines => lines;

    /// <summary>Requests that a Sentry does not take, and why.</summary>
    public IReadOnlyCollection<string> Refused => refused;

    public static async Task<SentryReceiver> StartAsync()
    {
        var receiver = new SentryReceiver();
        await receiver.app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        var request = context.Request;
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        var status = request switch
        {
            { Method: not "POST" } or { Path.Value: not Path } => StatusCodes.Status404NotFound,
            _ when request.Headers[Header] != HeaderValue || request.Headers.ContainsKey("Authorization") => StatusCodes.Status403Forbidden,
            { ContentType: not "application/x-protobuf" } => StatusCodes.Status415UnsupportedMediaType,
            _ => StatusCodes.Status200OK,
        };
        context.Response.StatusCode = status;
        if (status != StatusCodes.Status200OK)
        {
            refused.Enqueue($"{status} {request.Method} {request.Path}");
            return;
        }

        foreach (var line in SentLine.Read(body.ToArray()))
        {
            lines.Enqueue(line);
        }
    }
}
