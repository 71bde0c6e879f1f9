using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Http;

/// <summary>How the server is reached, and what a request may cost.</summary>
public sealed record HttpOptions
{
    /// <summary>The URL clients use, with a path prefix if there is one: <c>https://sync.example.org</c>. Default: what the request says.</summary>
    public string? PublicUrl { get; init; }

    /// <summary>
    /// Path prefix under which a proxy passes requests on, if it does not strip it: <c>/sync</c>. Several are separated by commas: <c>/sync/index.php,/sync</c>. Default: none.
    /// </summary>
    public string? PathBase { get; init; }

    /// <summary>Addresses or networks, separated by commas, of the proxies whose <c>X-Forwarded-*</c> headers count: <c>10.0.0.0/8</c>. Default: none.</summary>
    public string TrustedProxies { get; init; } = "";

    /// <summary>The header in which a trusted proxy says where a request comes from. Default: <c>X-Forwarded-For</c>.</summary>
    public string ForwardedForHeader { get; init; } = "X-Forwarded-For";

    /// <summary>The header in which a trusted proxy says by which scheme a request has come to it. Default: <c>X-Forwarded-Proto</c>.</summary>
    public string ForwardedProtoHeader { get; init; } = "X-Forwarded-Proto";

    /// <summary>The prefixes of <see cref="PathBase"/>, the longest one first, so that one that lies below another is taken whole.</summary>
    public IReadOnlyList<string> PathBases() =>
        [.. (PathBase ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static prefix => prefix.TrimEnd('/')).Where(static prefix => prefix.Length > 0).OrderByDescending(static prefix => prefix.Length)];

    /// <summary>Bytes of a request's body. Default: 16 MiB.</summary>
    [Bounds(1)]
    public int MaxRequestBytes { get; init; } = 16 << 20;

    /// <summary>Bytes of a request's headers and of its URL, each. Default: 32 KiB.</summary>
    [Bounds(1, 1 << 20)]
    public int MaxHeaderBytes { get; init; } = 32 << 10;

    /// <summary>Requests worked on at a time, a quarter of them for one user; more are refused with 503 before their body is read. Default: 2,000.</summary>
    [Bounds(1)]
    public int MaxConcurrentRequests { get; init; } = 2_000;

    /// <summary>Streams, such as those of server-sent events, open at a time, a quarter of them for one user. Default: 10,000.</summary>
    [Bounds(1)]
    public int MaxStreams { get; init; } = 10_000;

    /// <summary>Streams of one user, or of one address where nobody has signed in, open at a time. Default: 100.</summary>
    [Bounds(1)]
    public int MaxStreamsPerUser { get; init; } = 100;

    /// <summary>Requests that one address may make in a minute, before anybody signs in; for IPv6 its network of 64 bits. More are refused with 429. Default: 0, no limit.</summary>
    [Bounds(0, 1_000_000)]
    public int MaxRequestsPerMinutePerAddress { get; init; }

    /// <summary>Requests that one signed-in user may make in a minute. More are refused with 429. Default: 0, no limit.</summary>
    [Bounds(0, 1_000_000)]
    public int MaxRequestsPerMinutePerUser { get; init; }

    /// <summary>Bytes of request bodies in memory at a time, a quarter of them for one user. Default: 256 MiB.</summary>
    [Bounds(1)]
    public long MaxBufferedBytes { get; init; } = 256L << 20;

    /// <summary>Bytes of data in answers on their way to clients, a quarter of them for one user. Default: 256 MiB.</summary>
    [Bounds(1)]
    public long MaxAnswerBytes { get; init; } = 256L << 20;

    /// <summary>How long a client may take nothing of an answer before its connection is cut; zero for ever. Default: 1 minute.</summary>
    [Bounds(0)]
    public TimeSpan AnswerStallTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Bytes a second below which a body counts as too slow, after 5 seconds, and in any 30 seconds later. Default: 240.</summary>
    [Bounds(0)]
    public double MinBodyBytesPerSecond { get; init; } = 240;

    /// <summary>
    /// How long a server that was told to stop goes on taking requests, asking each client to close its connection.
    /// Default: 1 second; behind a load balancer as long as that takes to notice.
    /// </summary>
    [Bounds(0)]
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(1);
}
