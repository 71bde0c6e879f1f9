using System.Globalization;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// In what a browser keeps a login. Over https it is a cookie that only this host can set (<c>__Host-</c>): else whoever can set cookies for its domain, as another host there can, could have somebody end a
/// login that is not theirs, and be signed in as somebody else without noticing. Such a cookie is of all paths. Where the API is below a path, others have the rest of the host and are not to be
/// sent it: there it is of its own path, and its name says only that it came over https (<c>__Secure-</c>). Over http there is no such name.
/// </summary>
/// <remarks>Cookies, RFC 6265bis, 4.1.3.</remarks>
internal sealed class LoginCookie
{
    private const string Name = "lockstep-login-";
    private const int NamedStateLength = 16;

    private readonly string prefix;
    private readonly string attributes;

    /// <param name="baseUrl">The URL under which clients see <c>/</c> of the API.</param>
    /// <param name="provider">Name of the provider.</param>
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

    /// <summary>The header <c>Set-Cookie</c>. Lax: it comes along when a provider leads back, and with nothing else that another site begins.</summary>
    public string Set(string name, string value, TimeSpan age) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}={value}; Max-Age={(long)age.TotalSeconds}; {attributes}");

    public string Clear(string name) => Set(name, "", TimeSpan.Zero);
}
