using System.Net;
using System.Text.Json;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Kinto;

/// <summary>A request, from HTTP or from a batch.</summary>
internal sealed record KintoRequest
{
    public required string Method { get; init; }

    /// <summary>The path without the version prefix: <c>/buckets/default/collections</c>.</summary>
    public required RequestPath Path { get; init; }

    /// <summary>The ids in the path.</summary>
    public RouteValues Values { get; init; }

    public required QueryParameters Query { get; init; }

    /// <summary>A header's value, or null.</summary>
    public required Func<string, string?> Header { get; init; }

    /// <summary>The browser's cookies for logins, by name; null for a part of a batch.</summary>
    public IRequestCookieCollection? Cookies => Http?.Cookies;

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The HTTP request, for handlers that read a streamed body; null for a part of a batch.</summary>
    public HttpRequest? Http { get; init; }

    /// <summary>Whether <see cref="Body"/> was parsed before, as part of something else: it is JSON, and no object in it has a duplicate name.</summary>
    public bool IsParsed { get; init; }

    /// <summary>
    /// <see cref="Body"/> as it was parsed as part of something else. Valid until the request is carried out; undefined if the body has yet to be parsed.
    /// </summary>
    public JsonElement Json { get; init; }

    /// <summary>The answer to a part of a batch that cannot be read; otherwise null.</summary>
    public KintoResponse? Refusal { get; init; }

    /// <summary>The user; null if nobody has signed in.</summary>
    public Principal? Principal { get; init; }

    /// <summary>Signs in with another <c>Authorization</c> header from the same client.</summary>
    public required Func<string?, CancellationToken, ValueTask<SignIn>> SignInAsync { get; init; }

    /// <summary>Whether the request, judged by its address, may create an account.</summary>
    public Func<bool> MayRegister { get; init; } = static () => false;

    /// <summary>The client's address; null for a Unix socket.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The URL of the API's <c>/</c> as clients see it, including the version, without a trailing slash.</summary>
    public required string BaseUrl { get; init; }

    /// <summary>The party that room and places are charged to.</summary>
    public string Who { get; init; } = "";

    /// <summary>Asks for room for the answer.</summary>
    public required AnswerRoom Room { get; init; }

    /// <summary>The number of requests that share one answer's room: the sub-requests of a batch, otherwise 1.</summary>
    public int Share { get; init; } = 1;

    public bool IsRead => Method is "GET" or "HEAD";
}
