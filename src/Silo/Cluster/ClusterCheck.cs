using Lockstep.Grains;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// Whether a gateway has a silo that answers. Asks one: a gateway connects when it has something to send, and one that is not
/// ready is sent nothing, so that counting its connections it would stay so.
/// </summary>
internal sealed class ClusterCheck(IGrainFactory grains, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await grains.GetGrain<IReachableGrain>(0).PingAsync().WaitAsync(Patience, time, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or ObjectDisposedException)
        {
            return HealthCheckResult.Unhealthy("No silo answers.");
        }
    }
}
