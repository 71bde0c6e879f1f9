using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>A request, and how the protocol reads it.</summary>
internal sealed class UserRequest(ProtocolRequest inner)
{
    public HttpRequest Http => inner.Http.Request;

    /// <summary>The user that the path names. There may be none.</summary>
    public string Name => inner.Values["username"];

    /// <summary>Whoever has signed in, if the path names them; else null.</summary>
    public Principal? Own => inner.SignIn.Principal is { } user && string.Equals(user.Account, Name, StringComparison.Ordinal) ? user : null;

    /// <summary>Whether credentials came, right or wrong.</summary>
    public bool HasCredentials => inner.Http.Request.Headers.Authorization.Count > 0;

    /// <summary>Where it comes from, as attempts are counted.</summary>
    public string Address => ClientAddress.Of(inner.Http.Connection.RemoteIpAddress);

    /// <summary>Whom a new password waits for its turn as.</summary>
    public string Who => inner.Who;

    /// <summary>The body as text.</summary>
    public string Text => BodyText.Decode(inner.Body.Span);

    public string? Header(string name) => inner.Http.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;
}
