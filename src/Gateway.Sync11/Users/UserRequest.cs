using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>A request as the protocol reads it.</summary>
internal sealed class UserRequest(ProtocolRequest inner)
{
    public HttpRequest Http => inner.Http.Request;

    /// <summary>The user that the path names. They need not exist.</summary>
    public string Name => inner.Values["username"];

    /// <summary>The user who has signed in, if the path names them; otherwise null.</summary>
    public Principal? Own => inner.SignIn.Principal is { } user && string.Equals(user.Account, Name, StringComparison.Ordinal) ? user : null;

    /// <summary>Whether the request has credentials, right or wrong.</summary>
    public bool HasCredentials => inner.Http.Request.Headers.Authorization.Count > 0;

    /// <summary>The client's address in the form in which attempts are counted.</summary>
    public string Address => ClientAddress.Of(inner.Http.Connection.RemoteIpAddress);

    /// <summary>The key under which a new password waits for its turn.</summary>
    public string Who => inner.Who;

    /// <summary>The body as text.</summary>
    public string Text => BodyText.Decode(inner.Body.Span);

    public string? Header(string name) => inner.Http.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;
}
