namespace Lockstep.Gateway.Http;

/// <summary>The coding of a request's body, by its <c>Content-Encoding</c> (RFC 9110, 8.4).</summary>
internal enum ContentCoding
{
    /// <summary>No coding.</summary>
    Identity,

    /// <summary>Gzip, once.</summary>
    Gzip,

    /// <summary>An unknown coding, or more than one.</summary>
    Other,
}
