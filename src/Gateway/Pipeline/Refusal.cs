namespace Lockstep.Gateway.Pipeline;

/// <summary>Why the pipeline answers instead of a handler. A protocol gives each its own shape.</summary>
public abstract record Refusal
{
    private Refusal()
    {
    }

    /// <summary>The path names no resource.</summary>
    public sealed record NoResource : Refusal;

    /// <param name="Allow">The methods that the resource has.</param>
    public sealed record NoMethod(string Allow) : Refusal;

    /// <summary>The resource is for those who signed in. Also after wrong credentials.</summary>
    public sealed record NotSignedIn : Refusal;

    /// <param name="RetryAfter">How long to wait, after too many wrong credentials.</param>
    public sealed record TooManyFailures(TimeSpan RetryAfter) : Refusal;

    /// <summary>No room for one more request; nothing of it was done.</summary>
    public sealed record NoRoom : Refusal;

    /// <summary>No room for the answer.</summary>
    /// <param name="IsRead">Nothing was done; else something may have been.</param>
    public sealed record NoRoomForAnswer(bool IsRead) : Refusal;

    /// <param name="MaxBytes">Bytes that the URL may have.</param>
    public sealed record UrlTooLong(int MaxBytes) : Refusal;

    /// <param name="MaxBytes">Bytes that all headers together may have.</param>
    public sealed record HeadersTooLarge(int MaxBytes) : Refusal;

    /// <summary>The query is not UTF-8, or has a broken escape or NUL in it.</summary>
    public sealed record BadQuery : Refusal;

    /// <param name="MaxBytes">Bytes that the body may have.</param>
    public sealed record BodyTooLarge(int MaxBytes) : Refusal;

    /// <summary>The body is coded in a way that is not taken.</summary>
    /// <param name="Accepted">The codings that are, as in <c>Accept-Encoding</c>; in a 415 that is what the header is for (RFC 9110, 15.5.16).</param>
    public sealed record BodyCoded(string Accepted) : Refusal;

    public sealed record BodyTooSlow : Refusal;

    /// <summary>The body did not come whole.</summary>
    public sealed record BodyBroken : Refusal;

    /// <param name="Status">What HTTP has for it.</param>
    public sealed record BadHttp(int Status) : Refusal;

    /// <summary>The storage did not answer.</summary>
    public sealed record StoreUnavailable : Refusal;

    /// <summary>A fault of the program.</summary>
    public sealed record Fault : Refusal;
}
