namespace Lockstep.Gateway.Http;

/// <summary>How a request's body is coded, by its <c>Content-Encoding</c> (RFC 9110, 8.4).</summary>
internal enum ContentCoding
{
    /// <summary>Not at all.</summary>
    Identity,

    /// <summary>With gzip, once.</summary>
    Gzip,

    /// <summary>In a way that is not known here, or in more than one.</summary>
    Other,
}
