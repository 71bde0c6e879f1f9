using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lockstep.Silo.Hosting;

/// <summary>Whether a gateway has silos to send requests to.</summary>
internal sealed class GatewayConnection : IHealthCheck
{
    private volatile int silos;

    public void OnSilosChanged(object? sender, GatewayCountChangedEventArgs change) => silos = change.NumberOfConnectedGateways;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(silos > 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("No silo is connected."));
}
