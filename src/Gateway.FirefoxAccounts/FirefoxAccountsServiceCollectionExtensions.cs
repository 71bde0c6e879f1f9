using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Devices;
using Lockstep.Gateway.FirefoxAccounts.Mail;
using Lockstep.Gateway.FirefoxAccounts.OAuth;
using Lockstep.Gateway.FirefoxAccounts.Pages;
using Lockstep.Gateway.FirefoxAccounts.Profile;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Pages;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>Registers the account server of Firefox.</summary>
public static class FirefoxAccountsServiceCollectionExtensions
{
    /// <param name="services">The services to add to.</param>
    /// <param name="options">Checked settings.</param>
    /// <param name="key">The server's key.</param>
    public static IServiceCollection AddFirefoxAccounts(this IServiceCollection services, FirefoxAccountOptions options, AccountKey key) => services
        .AddAccountMail(options)
        .AddSingleton(key)
        .AddSingleton<Credentials>()
        .AddSingleton<SessionTokens>()
        .AddSingleton<PasswordChecks>()
        .AddSingleton<RegistrationRules>()
        .AddSingleton<SecondFactor>()
        .AddSingleton<MailedCodes>()
        .AddSingleton<AuditLog>()
        .AddSingleton<OAuthClients>()
        .AddSingleton<SigningKeys>()
        .AddSingleton<AccessTokens>()
        .AddSingleton<IAccessTokens>(static services => services.GetRequiredService<AccessTokens>())
        .AddSingleton<AccountHandlers>()
        .AddSingleton<PasswordHandlers>()
        .AddSingleton<SecondFactorHandlers>()
        .AddSingleton<AppPasswordHandlers>()
        .AddSingleton<ExportHandlers>()
        .AddSingleton<DeviceHandlers>()
        .AddSingleton<AuthorizationHandlers>()
        .AddSingleton<TokenHandlers>()
        .AddSingleton<ProfileHandlers>()
        .AddSingleton<DiscoveryHandlers>()
        .AddSingleton<AccountServices>()
        .AddProtocol<AccountProtocol, AccountEndpoint>()
        .AddPages(AccountPages.Read());

    /// <summary>Registers the sending of mails, also for servers without Firefox accounts.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="options">Checked settings.</param>
    public static IServiceCollection AddAccountMail(this IServiceCollection services, FirefoxAccountOptions options) => services
        .AddSingleton(options)
        .AddSingleton<Mailer>()
        .AddSingleton<IAccountMail>(static services => services.GetRequiredService<Mailer>())
        .AddHostedService(static services => services.GetRequiredService<Mailer>());

    /// <summary>Whether a database's secrets were made under this key. True if it has none.</summary>
    public static async ValueTask<bool> IsKeyOfAsync(AccountKey key, Core.KeyedAccounts.IKeyedAccountStore store) =>
        SigningKeys.IsKeyOf(key, await store.ListServerKeysAsync(CancellationToken.None));
}
