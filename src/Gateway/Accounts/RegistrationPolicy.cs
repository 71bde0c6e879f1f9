using System.Net;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// Whether a request may make an account. Closed unless configured open, with one exception for trying the server out:
/// somebody on this machine who talks to it directly. Whatever smells of a proxy, a browser on a foreign page or a socket
/// shared with one is not that.
/// </summary>
internal sealed class RegistrationPolicy(AccountOptions options, HttpOptions http)
{
    private static readonly string[] ForwardingHeaders =
        ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Real-IP", "X-Original-Host", "X-Original-For"];

    public bool Allows(HttpContext context) => options.Registration switch
    {
        Registration.Open => true,
        Registration.Closed => false,
        _ => IsLocalTrial(context),
    };

    private bool IsLocalTrial(HttpContext context)
    {
        var request = context.Request;
        return context.Connection.LocalIpAddress is { } local && IPAddress.IsLoopback(local)
            && context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
            && http.PublicUrl is null && http.PathBase is null && http.TrustedProxies.Length == 0
            && !string.Equals(request.Protocol, HttpProtocol.Http10, StringComparison.Ordinal)
            && IsLoopbackName(request.Host.Host)
            && !ForwardingHeaders.Any(request.Headers.ContainsKey)
            && (request.Headers.Origin.Count == 0
                || (Uri.TryCreate(request.Headers.Origin, UriKind.Absolute, out var origin) && IsLoopbackName(origin.Host)));
    }

    private static bool IsLoopbackName(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
