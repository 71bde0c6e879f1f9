using System.Net;
using System.Text.Json;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Kinto;

/// <summary>A request, be it one of HTTP or a part of a batch.</summary>
internal sealed record KintoRequest
{
    public required string Method { get; init; }

    /// <summary>Without version prefix: <c>/buckets/default/collections</c>.</summary>
    public required RequestPath Path { get; init; }

    /// <summary>The ids in the path.</summary>
    public RouteValues Values { get; init; }

    public required QueryParameters Query { get; init; }

    /// <summary>A header's value, or null.</summary>
    public required Func<string, string?> Header { get; init; }

    /// <summary>What the browser keeps of logins, by the cookies' names; null for a part of a batch, which is no browser's.</summary>
    public IRequestCookieCollection? Cookies { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The request on the wire, whose body the handler reads where it is streamed; null for a part of a batch.</summary>
    public HttpRequest? Http { get; init; }

    /// <summary>Whether <see cref="Body"/> was read before, as a part of something else: it is JSON, and no object in it has a name twice.</summary>
    public bool IsParsed { get; init; }

    /// <summary>
    /// <see cref="Body"/> as it was read as a part of something else. It can be asked until the request is carried out; undefined where the body is to be read.
    /// </summary>
    public JsonElement Json { get; init; }

    /// <summary>The answer to a part of a batch that cannot be read; else null.</summary>
    public KintoResponse? Refusal { get; init; }

    /// <summary>Who signed in; null for nobody.</summary>
    public Principal? Principal { get; init; }

    /// <summary>Says who somebody is who comes with another <c>Authorization</c> header from the same place.</summary>
    public required Func<string?, CancellationToken, ValueTask<SignIn>> SignInAsync { get; init; }

    /// <summary>Whether the request, by where it comes from, may make an account.</summary>
    public Func<bool> MayRegister { get; init; } = static () => false;

    /// <summary>Where it comes from; null for a socket of this machine.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The URL under which clients see <c>/</c> of the API, version included, without a slash at the end.</summary>
    public required string BaseUrl { get; init; }

    /// <summary>Whom room and places are counted for.</summary>
    public string Who { get; init; } = "";

    /// <summary>Where room for the answer is asked for.</summary>
    public required AnswerRoom Room { get; init; }

    /// <summary>In how many parts one answer's room is shared: the sub-requests of a batch, else 1.</summary>
    public int Share { get; init; } = 1;

    public bool IsRead => Method is "GET" or "HEAD";
}
