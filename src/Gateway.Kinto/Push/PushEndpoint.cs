namespace Lockstep.Gateway.Kinto.Push;

/// <summary>URLs of push services that notices may be sent to.</summary>
internal static class PushEndpoint
{
    private const int MaxLength = 2048;
    private const int HttpsPort = 443;

    /// <returns>Null if the text is no HTTPS URL with the usual port and a host of the settings.</returns>
    public static Uri? Parse(string text, PushOptions options) =>
        text.Length <= MaxLength && Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url is { Scheme: "https", Port: HttpsPort, UserInfo: "", Fragment: "", HostNameType: UriHostNameType.Dns } && IsAllowed(url.IdnHost, options)
            ? url
            : null;

    private static bool IsAllowed(string host, PushOptions options) => options.HostNames.Any(allowed =>
        host.EndsWith(allowed, StringComparison.OrdinalIgnoreCase) && (host.Length == allowed.Length || host[^(allowed.Length + 1)] == '.'));
}
