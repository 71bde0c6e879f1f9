using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace Lockstep.Gateway.Health;

/// <summary>
/// Probes for whoever runs the process, outside of all protocols: <c>/health/live</c>, restart it when this fails;
/// <c>/health/ready</c>, send it requests while this does not. Texts: <c>Healthy</c> with 200, <c>Unhealthy</c> with 503.
/// </summary>
public static class HealthEndpoints
{
    /// <summary>Tag of the checks that a restart can mend.</summary>
    public const string Live = "live";

    /// <summary>Tag of the checks that say whether requests should come.</summary>
    public const string Ready = "ready";

    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddSingleton<StorageCheck>();
        services.AddHealthChecks().AddCheck<StorageCheck>("storage", tags: [Ready]).AddCheck<DrainCheck>("drain", tags: [Ready]);
        return services;
    }

    public static void UseHealth(this IApplicationBuilder app)
    {
        foreach (var tag in (ReadOnlySpan<string>)[Live, Ready])
        {
            app.UseHealthChecks($"/health/{tag}", new HealthCheckOptions { Predicate = check => check.Tags.Contains(tag) });
        }
    }
}
