using Lockstep.Gateway.Console.Administration;
using Lockstep.Gateway.Console.Administrators;
using Lockstep.Gateway.Console.Invitations;
using Lockstep.Gateway.Console.Own;
using Lockstep.Gateway.Console.Pages;
using Lockstep.Gateway.Console.Sessions;
using Lockstep.Gateway.Pages;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console;

/// <summary>Registers the console.</summary>
public static class ConsoleServiceCollectionExtensions
{
    /// <param name="services">Get it, and have accounts and their sessions.</param>
    /// <param name="options">Checked settings.</param>
    /// <param name="facts">What the page at <c>/</c> says of this server, by name; see <see cref="PageSet"/>.</param>
    public static IServiceCollection AddConsole(this IServiceCollection services, ConsoleOptions options, IReadOnlyDictionary<string, string> facts) => services
        .AddSingleton(options)
        .AddSingleton<ConsoleSessions>()
        .AddSingleton<SessionScheme>()
        .AddSingleton<PasswordCheck>()
        .AddSingleton<SessionHandlers>()
        .AddSingleton<AdministratorLinks>()
        .AddSingleton<FirstAdministratorHandlers>()
        .AddSingleton<AccountInvitations>()
        .AddSingleton<InvitedHandlers>()
        .AddSingleton<OwnBuckets>()
        .AddSingleton<UsageHandlers>()
        .AddSingleton<BucketHandlers>()
        .AddSingleton<RecordHandlers>()
        .AddSingleton<ExportHandlers>()
        .AddSingleton<AccountHandlers>()
        .AddAdministrationHandlers()
        .AddSingleton<ConsoleHandlers>()
        .AddProtocol<ConsoleProtocol, ConsoleHandler>()
        .AddPages(ConsolePages.Read(facts));
}
