namespace Lockstep.Gateway.Audit;

/// <summary>Registers the audit log.</summary>
public static class AuditServiceCollectionExtensions
{
    /// <param name="services">Get it.</param>
    /// <param name="options">Checked settings.</param>
    public static IServiceCollection AddAudit(this IServiceCollection services, AuditOptions options) => services
        .AddSingleton(options)
        .AddSingleton<AuditTrail>()
        .AddHostedService(static services => services.GetRequiredService<AuditTrail>());
}
