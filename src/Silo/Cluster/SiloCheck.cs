using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// Whether this silo is a member of the cluster. As a liveness check it fails only once the silo was declared dead, which a restart repairs.
/// </summary>
internal sealed class SiloCheck(ISiloStatusOracle silos) : IHealthCheck
{
    /// <summary>Name of the liveness check.</summary>
    public const string Liveness = "silo-liveness";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var status = silos.CurrentStatus;
        var good = context.Registration.Name is Liveness ? status != SiloStatus.Dead : status == SiloStatus.Active;
        return Task.FromResult(good ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"The silo is {status}."));
    }
}
