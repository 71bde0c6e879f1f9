using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Pipeline;

/// <summary>A request that has passed the checks: its resource and its user are known, and its body is there.</summary>
public sealed class ProtocolRequest
{
    /// <summary>The HTTP request: method, headers, and the body if the handler reads it itself.</summary>
    public required HttpContext Http { get; init; }

    /// <summary>The path below the protocol's prefix.</summary>
    public required RequestPath Path { get; init; }

    public required RouteValues Values { get; init; }

    public QueryParameters Query { get; internal set; } = QueryParameters.None;

    /// <summary>The whole decoded body, or empty. Its memory is reused once the request is answered.</summary>
    public ReadOnlyMemory<byte> Body { get; internal set; }

    /// <summary>The result of the sign-in.</summary>
    public SignIn SignIn { get; internal set; } = SignIn.Anonymous;

    /// <summary>The party that room and places are charged to: the user, or the request's address if nobody has signed in.</summary>
    public string Who { get; internal set; } = "";

    /// <summary>Asks for room before something large is loaded for the answer.</summary>
    public AnswerRoom Room { get; internal set; } = null!;

    /// <summary>The protocol's URL as clients see it, including the prefix, without a trailing slash.</summary>
    public required string BaseUrl { get; init; }

    /// <summary>What it signs in with, as <see cref="IProtocol{THandler}.CredentialsOf"/> finds it; null for nothing.</summary>
    public string? Credentials { get; init; }

    /// <summary>Signs in with another <c>Authorization</c> header from the same client.</summary>
    public required Func<string?, CancellationToken, ValueTask<SignIn>> SignInAsync { get; init; }
}
