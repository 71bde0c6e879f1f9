using Lockstep.Gateway.FirefoxAccounts.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Devices;
using Lockstep.Gateway.FirefoxAccounts.Profile;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;
using static Lockstep.Gateway.FirefoxAccounts.AccountAccess;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>All resources of the account server, in one list.</summary>
internal static class AccountResources
{
    public const string WellKnown = "/.well-known";
    public const string Auth = "/auth";
    public const string Profile = "/profile";

    private const AccountAccess Own = Session | Verified;
    private const AccountAccess Device = Session | Verified | Refresh;

    /// <summary>Prefix and template. A resource is served below its own prefix only.</summary>
    private static readonly List<(string Prefix, Resource<AccountEndpoint> Resource)> Listed =
    [
        Get(WellKnown, "/fxa-client-configuration", Anybody, static (_, r, c) => DiscoveryHandlers.ClientConfigurationAsync(r, c)),
        Get(WellKnown, "/openid-configuration", Anybody, static (_, r, c) => DiscoveryHandlers.OpenIdConfigurationAsync(r, c)),
        Get(Auth, "/v1/jwks", Anybody, static (s, r, c) => s.Discovery.KeysAsync(r, c)),

        Get(Auth, "/v1/account/registration", Anybody, static (s, r, c) => s.Accounts.RegistrationAsync(r, c)),
        Post(Auth, "/v1/account/credentials/status", Anybody, static (s, r, c) => s.Accounts.CredentialStatusAsync(r, c)),
        Post(Auth, "/v1/account/create", Anybody, static (s, r, c) => s.Accounts.CreateAsync(r, c)),
        Post(Auth, "/v1/account/login", Anybody, static (s, r, c) => s.Accounts.LoginAsync(r, c)),
        Get(Auth, "/v1/account/keys", KeyFetch, static (s, r, c) => s.Accounts.KeysAsync(r, c)),
        Post(Auth, "/v1/account/scoped-key-data", Own, static (_, r, c) => AccountHandlers.ScopedKeyDataAsync(r, c)),
        Get(Auth, "/v1/account/status", Anybody, static (s, r, c) => s.Accounts.StatusAsync(r, c)),
        Post(Auth, "/v1/account/destroy", Own, static (s, r, c) => s.Accounts.DestroyAsync(r, c)),

        Post(Auth, "/v1/account/export", Own, static (s, r, c) => s.Exports.StartAsync(r, c)),
        (Auth, new Resource<AccountEndpoint>(
            "/v1/account/export/{code}",
            new ResourceMethod<AccountEndpoint>("GET", Access.Anonymous, BodyKind.None, new AccountEndpoint(Anybody, static (s, r, c) => s.Exports.GetAsync(r, c)), Pacing.Stream))),

        Get(Auth, "/v1/session/status", Session, static (_, r, c) => AccountHandlers.SessionStatusAsync(r, c)),
        Get(Auth, "/v1/recovery_email/status", Session, static (_, r, c) => AccountHandlers.EmailStatusAsync(r, c)),
        Post(Auth, "/v1/session/reauth", Session, static (s, r, c) => s.Accounts.ReauthenticateAsync(r, c)),
        Post(Auth, "/v1/session/destroy", Session, static (s, r, c) => s.Accounts.DestroySessionAsync(r, c)),
        Post(Auth, "/v1/session/verify_code", Session, static (s, r, c) => s.Factors.VerifyEmailAsync(r, c)),
        Post(Auth, "/v1/session/resend_code", Session, static (s, r, c) => s.Factors.ResendAsync(r, c)),
        Post(Auth, "/v1/session/verify/totp", Session, static (s, r, c) => s.Factors.VerifyTotpAsync(r, c)),
        Post(Auth, "/v1/session/verify/recoveryCode", Session, static (s, r, c) => s.Factors.VerifyRecoveryCodeAsync(r, c)),

        Get(Auth, "/v1/totp/exists", Session, static (_, r, c) => SecondFactorHandlers.ExistsAsync(r, c)),
        Post(Auth, "/v1/totp/create", Own, static (s, r, c) => s.Factors.CreateAsync(r, c)),
        Post(Auth, "/v1/totp/setup/complete", Own, static (s, r, c) => s.Factors.CompleteAsync(r, c)),
        Post(Auth, "/v1/totp/destroy", Own, static (s, r, c) => s.Factors.DestroyAsync(r, c)),
        Post(Auth, "/v1/recoveryCodes", Own, static (s, r, c) => s.Factors.NewCodesAsync(r, c)),
        Get(Auth, "/v1/recoveryCodes/exists", Own, static (_, r, c) => SecondFactorHandlers.CountCodesAsync(r, c)),

        Post(Auth, "/v1/password/change/start", Own, static (s, r, c) => s.Passwords.StartChangeAsync(r, c)),
        Post(Auth, "/v1/password/change/finish", PasswordChange, static (s, r, c) => s.Passwords.FinishChangeAsync(r, c)),
        Post(Auth, "/v1/password/forgot/send_otp", Anybody, static (s, r, c) => s.Passwords.SendOtpAsync(r, c)),
        Post(Auth, "/v1/password/forgot/verify_otp", Anybody, static (s, r, c) => s.Passwords.VerifyOtpAsync(r, c)),
        Post(Auth, "/v1/password/forgot/use_link", Anybody, static (s, r, c) => s.Passwords.UseLinkAsync(r, c)),
        Post(Auth, "/v1/recoveryKey/use", Anybody, static (s, r, c) => s.Passwords.UseRecoveryKeyAsync(r, c)),
        Post(Auth, "/v1/account/reset", Reset, static (s, r, c) => s.Passwords.ResetAsync(r, c)),
        (Auth, new Resource<AccountEndpoint>(
            "/v1/recoveryKey",
            Method("POST", Own, BodyKind.Whole, static (s, r, c) => s.Passwords.PutRecoveryKeyAsync(r, c)),
            Method("DELETE", Own, BodyKind.Whole, static (s, r, c) => s.Passwords.RemoveRecoveryKeyAsync(r, c)))),
        Post(Auth, "/v1/recoveryKey/exists", Own, static (_, r, c) => PasswordHandlers.HasRecoveryKeyAsync(r, c)),

        Post(Auth, "/v1/account/device", Device, static (s, r, c) => s.Devices.PutAsync(r, c)),
        Get(Auth, "/v1/account/devices", Device, static (s, r, c) => s.Devices.ListAsync(r, c)),
        Post(Auth, "/v1/account/device/destroy", Device, static (s, r, c) => s.Devices.DestroyAsync(r, c)),
        Post(Auth, "/v1/account/devices/notify", Device, static (_, r, c) => DeviceHandlers.NotifyAsync(r, c)),
        Post(Auth, "/v1/account/devices/invoke_command", Device, static (s, r, c) => s.Devices.InvokeAsync(r, c)),
        Get(Auth, "/v1/account/device/commands", Device, static (s, r, c) => s.Devices.CommandsAsync(r, c)),
        Get(Auth, "/v1/account/attached_clients", Own, static (s, r, c) => s.Devices.ListClientsAsync(r, c)),
        Post(Auth, "/v1/account/attached_client/destroy", Own, static (s, r, c) => s.Devices.DestroyClientAsync(r, c)),
        (Auth, new Resource<AccountEndpoint>(
            "/v1/account/app_passwords",
            Method("GET", Own, BodyKind.None, static (s, r, c) => s.AppPasswords.ListAsync(r, c)),
            Method("POST", Own, BodyKind.Whole, static (s, r, c) => s.AppPasswords.CreateAsync(r, c)))),
        Post(Auth, "/v1/account/app_passwords/destroy", Own, static (s, r, c) => s.AppPasswords.DestroyAsync(r, c)),

        Post(Auth, "/v1/oauth/authorization", Own, static (s, r, c) => s.Authorization.AuthorizeAsync(r, c)),
        Post(Auth, "/v1/oauth/token", Session | Optional, static (s, r, c) => s.Tokens.GrantAsync(r, c)),
        Post(Auth, "/v1/oauth/destroy", Anybody, static (s, r, c) => s.Tokens.DestroyAsync(r, c)),
        Post(Auth, "/v1/destroy", Anybody, static (s, r, c) => s.Tokens.DestroyAsync(r, c)),
        Post(Auth, "/v1/introspect", Anybody, static (s, r, c) => s.Tokens.IntrospectAsync(r, c)),
        Post(Auth, "/v1/verify", Anybody, static (s, r, c) => s.Tokens.VerifyAsync(r, c)),
        Get(Auth, "/v1/oauth/client/{client}", Anybody, static (s, r, c) => s.Authorization.ClientAsync(r, c)),
        Get(Auth, "/v1/client/{client}", Anybody, static (s, r, c) => s.Authorization.ClientAsync(r, c)),

        Get(Profile, "/v1/profile", Anybody, static (s, r, c) => s.Profile.ProfileAsync(r, c)),
        Get(Profile, "/v1/avatar/default", Anybody, static (_, r, c) => ProfileHandlers.AvatarAsync(r, c)),
    ];

    /// <summary>The resources that pages of configured clients may call.</summary>
    private static readonly string[] OfClients =
        ["/openid-configuration", "/v1/jwks", "/v1/oauth/token", "/v1/oauth/destroy", "/v1/destroy", "/v1/introspect", "/v1/verify", "/v1/profile"];

    public static ResourceTable<AccountEndpoint> Table { get; } = new(Listed.Select(static one => one.Resource));

    /// <param name="prefix">The prefix of the request's path.</param>
    /// <param name="resource">The resource that the rest of the path names.</param>
    public static bool IsServed(string prefix, Resource<AccountEndpoint> resource) => Listed.Any(one => one.Prefix == prefix && ReferenceEquals(one.Resource, resource));

    public static bool IsOfClients(Resource<AccountEndpoint> resource) => OfClients.Contains(resource.Template.Text, StringComparer.Ordinal);

    private static (string Prefix, Resource<AccountEndpoint> Resource) Get(
        string prefix, string template, AccountAccess access, Func<AccountServices, AccountRequest, CancellationToken, ValueTask<Answer>> handler) =>
        (prefix, new Resource<AccountEndpoint>(template, Method("GET", access, BodyKind.None, handler)));

    private static (string Prefix, Resource<AccountEndpoint> Resource) Post(
        string prefix, string template, AccountAccess access, Func<AccountServices, AccountRequest, CancellationToken, ValueTask<Answer>> handler) =>
        (prefix, new Resource<AccountEndpoint>(template, Method("POST", access, BodyKind.Whole, handler)));

    private static ResourceMethod<AccountEndpoint> Method(
        string name, AccountAccess access, BodyKind body, Func<AccountServices, AccountRequest, CancellationToken, ValueTask<Answer>> handler) =>
        new(name, Access.Anonymous, body, new AccountEndpoint(access, handler));
}
