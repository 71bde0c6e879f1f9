namespace Lockstep.Gateway.Http;

/// <summary>The server's URLs as clients see them.</summary>
public static class PublicUrls
{
    /// <summary>Scheme, host and path prefix, without a trailing slash; only the prefix if neither settings nor request name a host.</summary>
    public static string Base(HttpRequest request, HttpOptions options) =>
        options.PublicUrl?.TrimEnd('/') ?? (request.Host.HasValue ? $"{request.Scheme}://{request.Host.ToUriComponent()}" : "") + PathBase(request);

    /// <summary>Path and query as the client sent them, including the prefix that a proxy has removed and named.</summary>
    /// <param name="request">The request.</param>
    /// <param name="target">Path and query as received.</param>
    public static string Target(HttpRequest request, string target) =>
        PathBase(request) is { Length: > 0 } prefix && !target.StartsWith(prefix + "/", StringComparison.Ordinal) ? prefix + target : target;

    /// <summary>The path prefix, without a trailing slash. A proxy may name it with one.</summary>
    public static string PathBase(HttpRequest request) => request.PathBase.ToUriComponent().TrimEnd('/');
}
