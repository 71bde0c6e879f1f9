using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Pipeline;

/// <summary>A request that has come through: it is known what it is about and who asks, and its body is there.</summary>
public sealed class ProtocolRequest
{
    /// <summary>The request on the wire: method, headers, and the body where the handler reads it itself.</summary>
    public required HttpContext Http { get; init; }

    /// <summary>Below the protocol's prefix.</summary>
    public required RequestPath Path { get; init; }

    public required RouteValues Values { get; init; }

    public QueryParameters Query { get; internal set; } = QueryParameters.None;

    /// <summary>Whole and decoded, or empty. Its memory is used again once the request is answered.</summary>
    public ReadOnlyMemory<byte> Body { get; internal set; }

    /// <summary>How the credentials were taken.</summary>
    public SignIn SignIn { get; internal set; } = SignIn.Anonymous;

    /// <summary>Whom room and places are counted for: who has signed in, else where the request comes from.</summary>
    public string Who { get; internal set; } = "";

    /// <summary>Where to ask for room before something large is loaded for the answer.</summary>
    public AnswerRoom Room { get; internal set; } = null!;

    /// <summary>The URL under which clients see the protocol, prefix included, without a slash at the end.</summary>
    public required string BaseUrl { get; init; }

    /// <summary>Says who else it is, by another <c>Authorization</c> header from the same place.</summary>
    public required Func<string?, CancellationToken, ValueTask<SignIn>> SignInAsync { get; init; }
}
