using Lockstep.Gateway.Pages;

namespace Lockstep.Gateway.FirefoxAccounts.Pages;

/// <summary>
/// The pages of the account server, at the root as Firefox expects them. Firefox opens most of these paths by itself (FxAccountsConfig; for
/// phones fxa-client); what each shows is said once more in <c>Files/app.js</c>.
/// </summary>
public static class AccountPages
{
    /// <summary>Where they are.</summary>
    public static IReadOnlyList<string> Paths { get; } =
    [
        "/",
        "/signin",
        "/signup",
        "/authorization",
        "/oauth",
        "/oauth/signin",
        "/oauth/signup",
        "/oauth/force_auth",
        "/force_auth",
        "/reset_password",
        "/recovery_key",
        "/settings",
        "/settings/clients",
        "/settings/avatar/change",
        "/post_verify/third_party_auth/set_password",
        "/connect_another_device",
        "/pair",
        "/pair/supp",
    ];

    /// <summary>Reads them out of the assembly.</summary>
    public static PageSet Read() => new(typeof(AccountPages).Assembly, Paths);
}
