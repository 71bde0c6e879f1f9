using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Syncto;

/// <summary>A request, either of HTTP or a part of a batch.</summary>
internal sealed record SynctoRequest
{
    public required string Method { get; init; }

    /// <summary>Below the prefix: <c>/v1/buckets/syncto/collections/tabs/records</c>.</summary>
    public required RequestPath Path { get; init; }

    public required QueryParameters Query { get; init; }

    /// <summary>The query as it was received, with its question mark; or empty.</summary>
    public required string QueryText { get; init; }

    /// <summary>A header's value, or null.</summary>
    public required Func<string, string?> Header { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The answer to an invalid part of a batch; otherwise null.</summary>
    public SynctoResponse? Refusal { get; init; }

    /// <summary>The URL of this server as clients see it, without a slash at the end.</summary>
    public required string ServerUrl { get; init; }

    /// <summary>The URL of the prefix as clients see it, without a slash at the end.</summary>
    public required string BaseUrl { get; init; }

    /// <summary>The user's name for the root view; null when nobody has signed in.</summary>
    public string? User { get; init; }

    /// <summary>The address that it comes from, for counting.</summary>
    public required string Address { get; init; }

    /// <summary>The budget that the answer takes room from.</summary>
    public required AnswerRoom Room { get; init; }

    /// <summary>Whether it is a part of a batch.</summary>
    public bool IsPart { get; init; }

    /// <summary>Whether it is in the older form of Syncto's documentation: <c>/v1/history</c>.</summary>
    public bool IsShort => Path.Count > 1 && Path[1] is not "buckets";

    /// <summary>The bucket of the path. The short form has one only.</summary>
    public string Bucket => IsShort ? SynctoPaths.CommonBucket : Path[2];

    /// <summary>The collection of the path; empty where there is none.</summary>
    public string Collection => SynctoPaths.Collection(Path);

    /// <summary>The record of the path.</summary>
    public string Record => Path[Path.Count - 1];
}
