using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>Streams of changes.</summary>
public sealed record LiveOptions
{
    /// <summary>Whether changes are streamed to clients that ask for <c>text/event-stream</c>. Default: true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>How long a stream is silent before a comment is sent, which shows proxies and the server that the connection is alive. Default: 25 seconds.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan HeartbeatTime { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// How often a stream looks at all of its lists, whatever it was told. Should be longer than <c>Buckets:IdleTimeout</c>; otherwise owners of buckets with streams
    /// never leave memory. Default: 10 minutes.
    /// </summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan CheckTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long further changes of a bucket wait after its streams were told of one, so that many are read at once. Default: 25 milliseconds.</summary>
    [Bounds(0)]
    public TimeSpan MergeTime { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>How long clients that lost their stream wait before they reconnect, on average; each is told a different time. Default: 3 seconds.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan RetryTime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a stream lasts at most; its client then reconnects. Default: 1 hour.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Collections that a stream of a whole bucket can have. Default: 100.</summary>
    [Bounds(1)]
    public int MaxCollections { get; init; } = 100;

    /// <summary>Paths that a stream of several buckets can name. Default: 20.</summary>
    [Bounds(1)]
    public int MaxPaths { get; init; } = 20;

    /// <summary>How long a ticket for a stream is good. Default: 30 seconds.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan TicketTime { get; init; } = TimeSpan.FromSeconds(30);
}
