namespace Lockstep.Gateway.Http;

/// <summary>How clients see this server.</summary>
public static class PublicUrls
{
    /// <summary>Scheme, host and path prefix, without a slash at the end.</summary>
    public static string Base(HttpRequest request, HttpOptions options) =>
        options.PublicUrl?.TrimEnd('/') ?? $"{request.Scheme}://{request.Host.ToUriComponent()}{request.PathBase.ToUriComponent()}";
}
