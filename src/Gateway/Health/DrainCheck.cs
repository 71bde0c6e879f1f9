using Lockstep.Gateway.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lockstep.Gateway.Health;

/// <summary>A process that was told to stop still answers, but is to be sent nothing new.</summary>
public sealed class DrainCheck(Drain drain) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(drain.IsDraining ? HealthCheckResult.Unhealthy("Stopping.") : HealthCheckResult.Healthy());
}
