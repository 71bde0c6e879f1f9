using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>A request whose credential has been checked and whose body has been read.</summary>
/// <param name="Inner">The request as the pipeline has it.</param>
/// <param name="Fields">The values of the body; none if the endpoint takes no body.</param>
/// <param name="Found">The token that the request came with, and its account; null for none.</param>
/// <param name="Origin">The URL by which clients reach this server, without a trailing slash.</param>
internal sealed record AccountRequest(ProtocolRequest Inner, AccountFields Fields, FoundToken? Found, string Origin)
{
    private const int MaxUserAgentLength = 255;

    /// <exception cref="InvalidOperationException">The request has no token.</exception>
    public KeyedAccount Account => Found?.Account ?? throw new InvalidOperationException("There is no token.");

    /// <exception cref="InvalidOperationException">The request has no token.</exception>
    public AccountToken Token => Found?.Token ?? throw new InvalidOperationException("There is no token.");

    public SessionData Session => SessionData.Read(Token.Data);

    /// <summary>The client that the request comes from: see <see cref="ClientAddress"/>.</summary>
    public string Address => ClientAddress.Of(Inner.Http.Connection.RemoteIpAddress);

    /// <summary>Whether the client asks for keys.</summary>
    public bool WantsKeys => Query("keys") is "true";

    public string UserAgent => Inner.Http.Request.Headers.UserAgent.ToString() is var text && text.Length <= MaxUserAgentLength ? text : text[..(char.IsHighSurrogate(text[MaxUserAgentLength - 1]) ? MaxUserAgentLength - 1 : MaxUserAgentLength)];

    public string? Query(string name) => Inner.Query.TryGetOnly(name, out var value) ? value : null;
}
