namespace Lockstep.Gateway.Audit;

/// <summary>Registers the audit log.</summary>
public static class AuditServiceCollectionExtensions
{
    /// <param name="services">Get it.</param>
    /// <param name="options">Checked settings.</param>
    /// <param name="kept">How many of the newest events are also kept in memory; 0 for none.</param>
    public static IServiceCollection AddAudit(this IServiceCollection services, AuditOptions options, int kept) => services
        .AddSingleton(options)
        .AddSingleton(new RecentEvents(kept))
        .AddSingleton<AuditTrail>()
        .AddHostedService(static services => services.GetRequiredService<AuditTrail>());
}
