using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Lockstep.Silo.Telemetry;

/// <summary>Sends what is left when the server stops, within a bound: the library's own, when it is disposed, is 5 seconds a signal.</summary>
internal sealed class LastSending(MeterProvider metrics, TracerProvider? traces = null) : IHostedService
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Task.Run(() => metrics.Shutdown((int)Patience.TotalMilliseconds), CancellationToken.None),
        Task.Run(() => traces?.Shutdown((int)Patience.TotalMilliseconds), CancellationToken.None));
}
