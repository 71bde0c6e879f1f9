namespace Lockstep.Gateway.OpenId;

/// <summary>How this server shows its client secret to a provider (RFC 6749, 2.3.1).</summary>
public enum ClientAuthentication
{
    /// <summary>In the header <c>Authorization</c>.</summary>
    Basic,

    /// <summary>In the body, as Kinto does.</summary>
    Post,
}
