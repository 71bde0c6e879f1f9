using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Syncto;

/// <summary>Settings of Syncto.</summary>
public sealed record SynctoOptions
{
    private const StringSplitOptions Trimmed = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    /// <summary>Whether it is served, below <c>/syncto</c>. Default: false.</summary>
    public bool Enabled { get; init; }

    /// <summary>
    /// URL of <c>/syncto</c> as clients see it, where a proxy gives it its own host:
    /// <c>https://syncto.example.org</c>. Default: none; then it is the server's own URL with <c>/syncto</c>.
    /// </summary>
    public string? PublicUrl { get; init; }

    /// <summary>Collections, separated by commas, whose records can be written; <c>*</c> for all. Default: none.</summary>
    public string PutEnabled { get; init; } = "";

    /// <summary>The same for deletions. Default: none.</summary>
    public string DeleteEnabled { get; init; } = "";

    /// <summary>Requests of a batch; announced to clients. Default: 25.</summary>
    [Bounds(1)]
    public int BatchMaxRequests { get; init; } = 25;

    /// <summary>Records of a page. Default: 1,000.</summary>
    [Bounds(1)]
    public int MaxPageRecords { get; init; } = 1_000;

    /// <summary>Bytes of payloads after which a page ends. Default: 4 MiB.</summary>
    [Bounds(1)]
    public long MaxPageBytes { get; init; } = 4L << 20;

    /// <summary>How long a verified access token, or the token that another TokenServer gave for it, is remembered. Default: 5 minutes.</summary>
    [Bounds(0)]
    public TimeSpan CredentialsTtl { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Seconds of <c>Backoff</c> on every answer; 0 for none. Default: 0.</summary>
    [Bounds(0)]
    public int Backoff { get; init; }

    /// <summary>Seconds of <c>Retry-After</c> on answers of 500 and above. Default: 30.</summary>
    [Bounds(1)]
    public int RetryAfter { get; init; } = 30;

    /// <summary>Last day of service: before it an <c>Alert</c> header, from it on 410. Default: none.</summary>
    public DateTimeOffset? Eos { get; init; }

    /// <summary>Text of the alert.</summary>
    public string EosMessage { get; init; } = "This service will be closed.";

    /// <summary>The URL of the alert. Default: none, and it is <see cref="ProjectDocs"/>.</summary>
    public string? EosUrl { get; init; }

    /// <summary>The origin that browsers may call from; <c>*</c> for all, empty for no CORS. Default: <c>*</c>.</summary>
    public string CorsOrigin { get; init; } = "*";

    /// <summary>Seconds a browser may keep a preflight's answer. Default: 3,600.</summary>
    [Bounds(0)]
    public int CorsMaxAge { get; init; } = 3_600;

    /// <summary>Documentation URL in the root view. Default: Syncto's.</summary>
    public string ProjectDocs { get; init; } = "https://syncto.readthedocs.io/";

    /// <summary>The client in the answer of <c>GET /v0/fxa-oauth/params</c>. Default: the value of Syncto's documentation.</summary>
    public string OAuthClientId { get; init; } = "89513028159972bc";

    /// <summary>The account server in the same answer. Default: the value of Syncto's documentation.</summary>
    public string OAuthUri { get; init; } = "https://oauth-stable.dev.lcip.org";

    /// <summary>The scope in the same answer. Default: the value of Syncto's documentation.</summary>
    public string OAuthScope { get; init; } = "sync";

    /// <summary>
    /// TokenServer of another server whose storage is shown instead of this one's: <c>https://sync.example.org/1.0/sync/1.5</c>.
    /// Default: none.
    /// </summary>
    public string? TokenServerUrl { get; init; }

    /// <summary>How long the other server may take to answer. Default: 10 seconds.</summary>
    [Bounds(BoundsAttribute.Millisecond, BoundsAttribute.Minute)]
    public TimeSpan RemoteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of an answer of the other server. Default: 8 MiB.</summary>
    [Bounds(1)]
    public int MaxRemoteAnswerBytes { get; init; } = 8 << 20;

    /// <summary>Requests to the other server at a time, a quarter of them for one user. Default: 64.</summary>
    [Bounds(1)]
    public int MaxRemoteRequests { get; init; } = 64;

    /// <summary>Whether another server's storage is shown.</summary>
    public bool IsRemote => TokenServerUrl is { Length: > 0 };

    /// <summary>Whether records of a collection can be written or deleted by a method.</summary>
    public bool Allows(string method, string collection) => method switch
    {
        "PUT" or "PATCH" => Has(PutEnabled, collection),
        "DELETE" => Has(DeleteEnabled, collection),
        _ => true,
    };

    /// <returns>Problems that no declaration covers: what is wrong, and the fix.</returns>
    /// <param name="givesTokens">Whether this server has storages of its own accounts.</param>
    public IEnumerable<string> Problems(bool givesTokens)
    {
        if (Enabled && !IsRemote && !givesTokens)
        {
            yield return "Syncto:Enabled is set, and there is no storage that it could show. Set FirefoxAccounts:Mode to On, or Sync15:TokenSecrets and Sync15:Issuer, or Syncto:TokenServerUrl.";
        }

        if (!Enabled && IsRemote)
        {
            yield return "Syncto:TokenServerUrl is set and Syncto:Enabled is not.";
        }

        if (IsRemote && !IsSafe(TokenServerUrl!))
        {
            yield return "Syncto:TokenServerUrl is no URL of https, or of http on this machine. Use something like https://sync.example.org/1.0/sync/1.5.";
        }

        if (PublicUrl is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" && url.All(static c => c is > ' ' and <= '~')))
        {
            yield return $"Syncto:PublicUrl is '{url}', which is no URL. Use something like https://syncto.example.org.";
        }

        if (PublicUrl?.TrimEnd('/').EndsWith("/v1", StringComparison.Ordinal) == true)
        {
            yield return $"Syncto:PublicUrl is '{PublicUrl}'. Leave out /v1: the server adds it.";
        }

        if (CorsOrigin.Any(static c => c is < ' ' or > '~'))
        {
            yield return "Syncto:CorsOrigin is no origin. Use * or something like https://app.example.org.";
        }
    }

    /// <summary>Whether credentials may be sent to a URL.</summary>
    internal static bool IsSafe(string url) => Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.UserInfo.Length == 0
        && (parsed.Scheme is "https" || (parsed.Scheme is "http" && parsed.IsLoopback));

    private static bool Has(string list, string collection) =>
        list.Split(',', Trimmed).Any(name => name is "*" || string.Equals(name, collection, StringComparison.Ordinal));
}
