namespace Lockstep.Gateway.OpenId;

/// <summary>What is done with a token that is not signed for this server.</summary>
public enum OpaqueTokens
{
    Refused,

    /// <summary>Its provider is asked by introspection (RFC 7662), with this server's own credentials.</summary>
    Introspection,

    /// <summary>
    /// Its provider is asked whose it is at the userinfo endpoint, as Kinto does. That does not say for whom a token was given out: one that any other application
    /// has of this provider's user opens this server.
    /// </summary>
    Userinfo,
}
