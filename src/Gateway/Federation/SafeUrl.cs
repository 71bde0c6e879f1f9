namespace Lockstep.Gateway.Federation;

/// <summary>URLs that decide who may come in, or that receive tokens: nobody else may answer in their place, or listen.</summary>
public static class SafeUrl
{
    /// <summary>Whether it uses https, or http on this machine.</summary>
    public static bool IsOne(string? text) => Uri.TryCreate(text, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));
}
