using Lockstep.Grains;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// Whether a gateway has a silo that answers. It asks one, and does not count connections: a gateway connects only when it has something to send, and as long as it is
/// not ready it gets nothing to send.
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
