namespace Lockstep.Gateway.OpenId;

/// <summary>How to treat a token that is not signed for this server.</summary>
public enum OpaqueTokens
{
    Refused,

    /// <summary>Ask its provider by introspection (RFC 7662), with this server's own credentials.</summary>
    Introspection,

    /// <summary>
    /// Ask its provider's userinfo endpoint for the user, as Kinto does. The answer does not say for whom a token was given out: a token that any other application
    /// has of this provider's user opens this server.
    /// </summary>
    Userinfo,
}
