namespace Lockstep.Gateway.Kinto.Push;

/// <summary>URLs of push services that notices may be sent to.</summary>
internal static class PushEndpoint
{
    private const int MaxLength = 2048;
    private const int HttpsPort = 443;

    /// <returns>Null if the text is no HTTPS URL with the usual port and a host of the settings, or has other characters than URLs have (RFC 3986).</returns>
    public static Uri? Parse(string text, PushOptions options) =>
        text.Length <= MaxLength && text.All(static c => c is > ' ' and <= '~') && Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url is { Scheme: "https", Port: HttpsPort, UserInfo: "", Fragment: "", HostNameType: UriHostNameType.Dns } && IsAllowed(url.IdnHost, options)
            ? url
            : null;

    private static bool IsAllowed(string host, PushOptions options) => options.HostNames.Any(allowed =>
        host.EndsWith(allowed, StringComparison.OrdinalIgnoreCase) && (host.Length == allowed.Length || host[^(allowed.Length + 1)] == '.'));
}
