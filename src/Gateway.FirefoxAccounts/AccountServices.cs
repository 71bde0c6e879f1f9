using Lockstep.Gateway.FirefoxAccounts.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Devices;
using Lockstep.Gateway.FirefoxAccounts.OAuth;
using Lockstep.Gateway.FirefoxAccounts.Profile;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>The handlers of all resources.</summary>
internal sealed record AccountServices(
    AccountHandlers Accounts,
    PasswordHandlers Passwords,
    SecondFactorHandlers Factors,
    AppPasswordHandlers AppPasswords,
    ExportHandlers Exports,
    DeviceHandlers Devices,
    AuthorizationHandlers Authorization,
    TokenHandlers Tokens,
    ProfileHandlers Profile,
    DiscoveryHandlers Discovery);
