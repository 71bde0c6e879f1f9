using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Lockstep.Silo.Telemetry;

/// <summary>Sends what is left when the server stops, within a bound: the library's own, when it is disposed, is 5 seconds a signal.</summary>
internal sealed class LastSending(
    ILogger<LastSending> logger, MeterProvider? metrics = null, TracerProvider? traces = null, LoggerProvider? lines = null, LogSender? sender = null) : IHostedService
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        sender?.Report(logger);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Task.Run(() => metrics?.Shutdown((int)Patience.TotalMilliseconds), CancellationToken.None),
        Task.Run(() => traces?.Shutdown((int)Patience.TotalMilliseconds), CancellationToken.None),
        Task.Run(() => lines?.Shutdown((int)Patience.TotalMilliseconds), CancellationToken.None));
}
