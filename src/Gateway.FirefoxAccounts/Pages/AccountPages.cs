using Lockstep.Gateway.Pages;

namespace Lockstep.Gateway.FirefoxAccounts.Pages;

/// <summary>
/// The pages of the account server, at the root, where Firefox expects them. Firefox opens most of these paths by itself (FxAccountsConfig; on phones
/// fxa-client). <c>Files/app.js</c> has the same paths, with the page that each shows.
/// </summary>
public static class AccountPages
{
    /// <summary>Their paths.</summary>
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

    /// <summary>Reads them from the assembly.</summary>
    public static PageSet Read() => new(typeof(AccountPages).Assembly, Paths);
}
