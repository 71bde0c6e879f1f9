namespace Lockstep.Gateway.Federation;

/// <summary>URLs from which it comes who may come in, or to which tokens go: nobody else may answer in their place, or listen.</summary>
public static class SafeUrl
{
    /// <summary>Whether it has https, or http of this machine.</summary>
    public static bool IsOne(string? text) => Uri.TryCreate(text, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));
}
