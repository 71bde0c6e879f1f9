using Lockstep.Core.Settings;
using Lockstep.Gateway.Kinto.Attachments;
using Lockstep.Gateway.Kinto.History;
using Lockstep.Gateway.Kinto.Live;
using Lockstep.Gateway.Kinto.OpenApi;
using Lockstep.Gateway.Kinto.Push;
using Lockstep.Gateway.Kinto.Schemas;
using Lockstep.Gateway.OpenId;

namespace Lockstep.Gateway.Kinto;

/// <summary>The Kinto protocol's settings.</summary>
public sealed record KintoOptions
{
    /// <summary>Maximal sub-requests of a batch, as announced to clients. Default: 25.</summary>
    [Bounds(1)]
    public int BatchMaxRequests { get; init; } = 25;

    /// <summary>Maximal records of a page, and the maximum of <c>_limit</c>. Default: 10,000.</summary>
    [Bounds(1)]
    public int MaxPageRecords { get; init; } = 10_000;

    /// <summary>Maximal bytes of data in a page; a page that reaches it ends early with a Next-Page. Default: 8 MiB.</summary>
    [Bounds(1)]
    public long MaxPageBytes { get; init; } = 8L << 20;

    /// <summary>Maximal bytes of one record's data. Default: 2 MiB.</summary>
    [Bounds(1)]
    public int MaxRecordBytes { get; init; } = 2 << 20;

    /// <summary>Maximal characters of an id. Default: 255.</summary>
    [Bounds(1)]
    public int MaxIdLength { get; init; } = 255;

    /// <summary>Indexes on fields that a collection may declare; 0 disables them for collections that are written from then on. Default: 5.</summary>
    [Bounds(0)]
    public int MaxIndexes { get; init; } = 5;

    /// <summary>Only reads are served; writes get 405. Default: false.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Serves <c>POST /__flush__</c>, with which anybody can delete everything. For tests. Default: false.</summary>
    public bool Flush { get; init; }

    /// <summary>Seconds of the <c>Backoff</c> header on every answer; 0 for none. Default: 0.</summary>
    [Bounds(0)]
    public int Backoff { get; init; }

    /// <summary>Seconds of <c>Retry-After</c> on 503. Default: 3.</summary>
    [Bounds(1)]
    public int RetryAfter { get; init; } = 3;

    /// <summary>Last day of service (ISO 8601): before it an <c>Alert</c> header, from it on 410. Default: none.</summary>
    public DateTimeOffset? Eos { get; init; }

    /// <summary>Text of the alert. Default: a plain one.</summary>
    public string EosMessage { get; init; } = "This service will be closed.";

    /// <summary>A URL with more information. Default: <see cref="ProjectDocs"/>.</summary>
    public string? EosUrl { get; init; }

    /// <summary>The origin that browsers may call from; <c>*</c> for all, empty for no CORS. Default: <c>*</c>.</summary>
    public string CorsOrigin { get; init; } = "*";

    /// <summary>Seconds a browser may keep a preflight's answer. Default: 3,600.</summary>
    [Bounds(0)]
    public int CorsMaxAge { get; init; } = 3_600;

    /// <summary>Seconds for which caches may keep public answers about buckets; 0 for not at all. Default: 0.</summary>
    [Bounds(0)]
    public int BucketCacheSeconds { get; init; }

    /// <summary>The same for collections. Default: 0.</summary>
    [Bounds(0)]
    public int CollectionCacheSeconds { get; init; }

    /// <summary>The same for groups. Default: 0.</summary>
    [Bounds(0)]
    public int GroupCacheSeconds { get; init; }

    /// <summary>The same for records, unless <c>cache_expires</c> in their collection's data is longer. Default: 0.</summary>
    [Bounds(0)]
    public int RecordCacheSeconds { get; init; }

    /// <summary>Validation of data by JSON schemas.</summary>
    public SchemaOptions Schemas { get; init; } = new();

    /// <summary>Streams of changes.</summary>
    public LiveOptions Live { get; init; } = new();

    /// <summary>Push notices to apps that sleep.</summary>
    public PushOptions Push { get; init; } = new();

    /// <summary>The history of buckets.</summary>
    public KintoHistoryOptions History { get; init; } = new();

    /// <summary>Files of records.</summary>
    public AttachmentOptions Attachments { get; init; } = new();

    /// <summary>The OpenAPI document and its page.</summary>
    public OpenApiOptions OpenApi { get; init; } = new();

    /// <summary>The content of <c>/contribute.json</c>: a JSON object. Default: none, and the resource does not exist.</summary>
    public string? Contribute { get; init; }

    /// <summary>
    /// Who may read <c>/__metrics__</c>, the measurements of this process in Prometheus' text format. Default: off; the resource then does not exist, and nothing is
    /// measured for it.
    /// </summary>
    public MetricsAccess Metrics { get; init; } = MetricsAccess.Off;

    /// <summary>The name in the root view. Default: Lockstep.</summary>
    public string ProjectName { get; init; } = "Lockstep";

    /// <summary>The documentation URL in the root view. Default: Kinto's API documentation.</summary>
    public string ProjectDocs { get; init; } = "https://docs.kinto-storage.org/";

    /// <summary>Whether users can sign in at a provider through this server. Not a setting: it follows from the providers' settings.</summary>
    internal bool HasLogins { get; private init; }

    /// <summary>The challenges of all ways to sign in, for callers who have not.</summary>
    internal string Challenge { get; private init; } = Realm("Basic");

    /// <summary>With the providers whose tokens are accepted.</summary>
    public KintoOptions WithOpenId(OpenIdOptions openId) => this with
    {
        HasLogins = openId.All().Any(static provider => provider.HasLogin),
        Challenge = string.Join(", ", openId.All().Select(static provider => provider.HeaderType).Prepend("Basic").Distinct(StringComparer.OrdinalIgnoreCase).Select(Realm)),
    };

    /// <returns>Problems that the declarations do not cover, each with the fix.</returns>
    public IEnumerable<string> Problems()
    {
        if (Contribute is { Length: > 0 } && !ContributeView.IsObject(Contribute))
        {
            yield return "Kinto:Contribute is no JSON object. Use something like {\"name\": \"My server\", \"repository\": {\"url\": \"https://code.example.org/\"}}.";
        }

        foreach (var problem in Attachments.S3.Problems("Kinto:Attachments:S3").Concat(Push.Problems("Kinto:Push")))
        {
            yield return problem;
        }
    }

    private static string Realm(string word) => $"{word} realm=\"Realm\"";
}
