using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>A request whose credential is known to be good, and whose body could be read.</summary>
/// <param name="Inner">As the pipeline has it.</param>
/// <param name="Fields">Values of the body; of the query where there is none.</param>
/// <param name="Found">Whose token it came with; null for none.</param>
/// <param name="Origin">The URL under which clients see this server, without a slash at the end.</param>
internal sealed record AccountRequest(ProtocolRequest Inner, AccountFields Fields, FoundToken? Found, string Origin)
{
    private const int MaxUserAgentLength = 255;

    /// <exception cref="InvalidOperationException">The endpoint takes requests without a token.</exception>
    public KeyedAccount Account => Found?.Account ?? throw new InvalidOperationException("There is no token.");

    /// <exception cref="InvalidOperationException">As above.</exception>
    public AccountToken Token => Found?.Token ?? throw new InvalidOperationException("There is no token.");

    public SessionData Session => SessionData.Read(Token.Data);

    /// <summary>Where the request comes from, as one party.</summary>
    public string Address => ClientAddress.Of(Inner.Http.Connection.RemoteIpAddress);

    /// <summary>Whether keys are asked for.</summary>
    public bool WantsKeys => Query("keys") is "true";

    public string UserAgent => Inner.Http.Request.Headers.UserAgent.ToString() is var text && text.Length <= MaxUserAgentLength ? text : text[..(char.IsHighSurrogate(text[MaxUserAgentLength - 1]) ? MaxUserAgentLength - 1 : MaxUserAgentLength)];

    public string? Query(string name) => Inner.Query.TryGetOnly(name, out var value) ? value : null;
}
