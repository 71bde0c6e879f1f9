namespace Lockstep.Gateway.Pipeline;

/// <summary>The reason for which the pipeline answers instead of a handler. Each protocol gives it its own shape.</summary>
public abstract record Refusal
{
    private Refusal()
    {
    }

    /// <summary>The path names no resource.</summary>
    public sealed record NoResource : Refusal;

    /// <param name="Allow">The methods that the resource has.</param>
    public sealed record NoMethod(string Allow) : Refusal;

    /// <summary>The resource requires a sign-in. Also used after wrong credentials.</summary>
    public sealed record NotSignedIn : Refusal;

    /// <param name="RetryAfter">How long to wait, after too many wrong credentials.</param>
    public sealed record TooManyFailures(TimeSpan RetryAfter) : Refusal;

    /// <param name="RetryAfter">How long to wait, after more requests than one address or user may make in a minute. Nothing of it was done.</param>
    public sealed record TooManyRequests(TimeSpan RetryAfter) : Refusal;

    /// <summary>There is no room for another request. Nothing of it was done.</summary>
    public sealed record NoRoom : Refusal;

    /// <summary>There is no room for the answer.</summary>
    /// <param name="IsRead">Whether nothing was done. If false, something may have been.</param>
    public sealed record NoRoomForAnswer(bool IsRead) : Refusal;

    /// <param name="MaxBytes">The maximal length of the URL in bytes.</param>
    public sealed record UrlTooLong(int MaxBytes) : Refusal;

    /// <param name="MaxBytes">The maximal length of all headers together in bytes.</param>
    public sealed record HeadersTooLarge(int MaxBytes) : Refusal;

    /// <summary>The query is not UTF-8, or contains a broken escape or NUL.</summary>
    public sealed record BadQuery : Refusal;

    /// <param name="MaxBytes">The maximal length of the body in bytes.</param>
    public sealed record BodyTooLarge(int MaxBytes) : Refusal;

    /// <summary>The body's content coding is not supported.</summary>
    /// <param name="Accepted">The supported codings, as in <c>Accept-Encoding</c>; in a 415 the header has this meaning (RFC 9110, 15.5.16).</param>
    public sealed record BodyCoded(string Accepted) : Refusal;

    /// <summary>The body arrived too slowly.</summary>
    public sealed record BodyTooSlow : Refusal;

    /// <summary>The body did not arrive completely.</summary>
    public sealed record BodyBroken : Refusal;

    /// <param name="Status">The HTTP status for it.</param>
    public sealed record BadHttp(int Status) : Refusal;

    /// <summary>The storage did not answer.</summary>
    public sealed record StoreUnavailable : Refusal;

    /// <summary>A bug in the program.</summary>
    public sealed record Fault : Refusal;
}
