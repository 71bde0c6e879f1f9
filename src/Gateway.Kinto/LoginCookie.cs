using System.Globalization;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// The cookie in which a browser keeps a login. Over https, only this host can set it (<c>__Host-</c>). Otherwise another host in the same domain could set it, have a user complete a
/// login that is not theirs, and sign them in as somebody else without their noticing. Such a cookie applies to all paths. If the API is below a path, the rest of the host belongs to others, who must not
/// receive it. The cookie then has its own path, and its name says only that it came over https (<c>__Secure-</c>). Over http there is no such prefix.
/// </summary>
/// <remarks>Cookies, RFC 6265bis, 4.1.3.</remarks>
internal sealed class LoginCookie
{
    private const string Name = "lockstep-login-";
    private const int NamedStateLength = 16;

    private readonly string prefix;
    private readonly string attributes;

    /// <param name="baseUrl">The URL of the API's <c>/</c> as clients see it.</param>
    /// <param name="provider">The name of the provider.</param>
    public LoginCookie(string baseUrl, string provider)
    {
        var isHttps = baseUrl.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        var path = Uri.TryCreate(baseUrl, UriKind.Absolute, out var url) ? url.AbsolutePath : baseUrl;
        var isAlone = isHttps && string.Equals(path, KintoProtocol.Prefix, StringComparison.Ordinal);
        prefix = (isAlone ? "__Host-" : isHttps ? "__Secure-" : "") + Name;
        attributes = $"Path={(isAlone ? "/" : $"{path}/openid/{provider}")}; HttpOnly; SameSite=Lax{(isHttps ? "; Secure" : "")}";
    }

    public string NameOf(string state) => prefix + string.Concat(state.Where(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_').Take(NamedStateLength));

    public bool IsOne(string name) => name.StartsWith(prefix, StringComparison.Ordinal);

    /// <summary>The header <c>Set-Cookie</c>. Lax: the cookie is sent when a provider redirects back, but with no other request that another site starts.</summary>
    public string Set(string name, string value, TimeSpan age) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}={value}; Max-Age={(long)age.TotalSeconds}; {attributes}");

    public string Clear(string name) => Set(name, "", TimeSpan.Zero);
}
