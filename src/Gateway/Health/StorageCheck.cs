using Lockstep.Core.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lockstep.Gateway.Health;

/// <summary>Whether the storage can be read and written now. However many ask, one look runs at a time, shared by all who asked meanwhile.</summary>
public sealed class StorageCheck(IStoreMaintenance store) : IHealthCheck
{
    private readonly Lock gate = new();
    private Task<bool>? running;

    public async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        Task<bool> check;
        lock (gate)
        {
            running = running is { IsCompleted: false } ? running : store.IsHealthyAsync(CancellationToken.None).AsTask();
            check = running;
        }

        return await check.WaitAsync(cancellationToken);
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await IsHealthyAsync(cancellationToken)
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("The storage does not answer, or its clock differs.");
}
