using System.Net;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// Whether a request may make an account. Closed unless configured open, with one exception for trying the server out:
/// a person on this machine who talks to the server directly. A request that may come through a proxy, from a browser on a foreign page or over a shared
/// socket does not count as that.
/// </summary>
public sealed class RegistrationPolicy(AccountOptions options, HttpOptions http)
{
    // Headers that proxies add. Clients of the API send none of them.
    private static readonly string[] ProxyHeaders = ["Forwarded", "Via", "Client-IP", "X-", "CF-", "True-", "Fastly-"];

    public bool Allows(HttpContext context) => options.Registration switch
    {
        Registration.Open => true,
        Registration.Closed => false,
        _ => IsLocalTrial(context),
    };

    /// <summary>Whether everybody may make an account, from any address.</summary>
    public bool IsOpen => options.Registration is Registration.Open;

    private bool IsLocalTrial(HttpContext context)
    {
        var request = context.Request;
        return context.Connection.LocalIpAddress is { } local && IPAddress.IsLoopback(local)
            && context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
            && http.PublicUrl is null && http.PathBase is null && http.TrustedProxies.Length == 0
            && !string.Equals(request.Protocol, HttpProtocol.Http10, StringComparison.Ordinal)
            && IsLoopbackName(request.Host.Host)
            && !request.Headers.Keys.Any(name => Array.Exists(ProxyHeaders, prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
            && request.Headers["Sec-Fetch-Site"] != "cross-site"
            && (request.Headers.Origin.Count == 0
                || (Uri.TryCreate(request.Headers.Origin, UriKind.Absolute, out var origin) && IsLoopbackName(origin.Host)));
    }

    /// <summary>Accepts only the plain spelling; other spellings of the address are suspicious.</summary>
    private static bool IsLoopbackName(string host) => host.ToLowerInvariant() is "localhost" or "127.0.0.1" or "[::1]" or "::1";
}
