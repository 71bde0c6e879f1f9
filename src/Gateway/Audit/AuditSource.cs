using System.Net;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Audit;

/// <summary>What caused an event. It contains nothing that opens anything: only the path of a URL, and only those headers that name the client.</summary>
/// <param name="Method">Of the request.</param>
/// <param name="Path">Of the request, without the query.</param>
/// <param name="Address">Where it comes from; null for a socket of this machine.</param>
/// <param name="User">The user whom it is about; null where nobody is named.</param>
/// <param name="Agent">What the client calls itself; empty for nothing.</param>
public sealed record AuditSource(string Method, string Path, IPAddress? Address, string? User, string Agent = "")
{
    public static AuditSource Of(HttpRequest request, string? user) => new(
        request.Method, request.PathBase.ToUriComponent() + request.Path.ToUriComponent(), request.HttpContext.Connection.RemoteIpAddress, user, request.Headers.UserAgent.ToString());

    /// <summary>With the resource in place of the path, which may have a secret in it: <c>/auth/v1/account/export/{code}</c>.</summary>
    public static AuditSource OfResource(HttpRequest request, string? user)
    {
        var source = Of(request, user);
        return request.HttpContext.Features.Get<MatchedRoute>() is { } route ? source with { Path = request.PathBase.ToUriComponent() + route.Text } : source;
    }
}
