using Lockstep.Gateway.Console.Administration.Accounts;
using Lockstep.Gateway.Console.Administration.AuditLog;
using Lockstep.Gateway.Console.Administration.Buckets;
using Lockstep.Gateway.Console.Administration.Figures;
using Lockstep.Gateway.Console.Administration.Health;
using Lockstep.Gateway.Console.Administration.Invitations;
using Lockstep.Gateway.Console.Administration.Settings;

namespace Lockstep.Gateway.Console.Administration;

/// <summary>Registers the administrators' half of the console. The program adds what only it knows: settings, databases, silos and figures.</summary>
internal static class AdministrationServiceCollectionExtensions
{
    /// <param name="services">Get it.</param>
    public static IServiceCollection AddAdministrationHandlers(this IServiceCollection services) => services
        .AddSingleton<SettingHandlers>()
        .AddSingleton<FigureHandlers>()
        .AddSingleton<HealthHandlers>()
        .AddSingleton<AccountHandlers>()
        .AddSingleton<AccountStateHandlers>()
        .AddSingleton<AccountQuotaHandlers>()
        .AddSingleton<InvitationHandlers>()
        .AddSingleton<BucketHandlers>()
        .AddSingleton<AuditHandlers>()
        .AddSingleton<AdministrationHandlers>();
}
