using System.Globalization;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Console.Sessions;

/// <summary>
/// The cookie with a session's secret. It is sent below <c>/admin/</c> alone, to this server alone, in requests that its own pages make, and no script can read it.
/// </summary>
internal static class SessionCookie
{
    private const string Name = "lockstep-console";

    /// <summary>Browsers let only https set a cookie of this name.</summary>
    private const string SecureName = "__Secure-" + Name;

    /// <returns>The secret; null for none. Only of the name that <see cref="Set"/> gives it: none that http has set counts where https does.</returns>
    public static string? Read(HttpRequest request, HttpOptions http) =>
        request.Cookies[PublicUrls.Base(request, http).StartsWith("https:", StringComparison.OrdinalIgnoreCase) ? SecureName : Name];

    /// <param name="request">Says by which URL this server is reached.</param>
    /// <param name="http">Settings, which may say it instead.</param>
    /// <param name="secret">The session's secret; null to remove the cookie.</param>
    /// <param name="life">How long the browser keeps it.</param>
    public static KeyValuePair<string, string> Set(HttpRequest request, HttpOptions http, string? secret, TimeSpan life)
    {
        var root = PublicUrls.Base(request, http);
        var isSecure = root.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        var path = Uri.TryCreate(root, UriKind.Absolute, out var url) ? url.AbsolutePath.TrimEnd('/') : root;
        var seconds = secret is null ? 0 : (long)life.TotalSeconds;
        return KeyValuePair.Create(
            "Set-Cookie",
            string.Create(CultureInfo.InvariantCulture, $"{(isSecure ? SecureName : Name)}={secret}; Path={path}/admin/; Max-Age={seconds}; HttpOnly; SameSite=Strict{(isSecure ? "; Secure" : "")}"));
    }
}
