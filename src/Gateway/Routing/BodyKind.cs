namespace Lockstep.Gateway.Routing;

/// <summary>How a request's body is read.</summary>
public abstract record BodyKind
{
    private BodyKind()
    {
    }

    /// <summary>Not at all. A body that is sent anyway is left unread.</summary>
    public static BodyKind None { get; } = new Nothing();

    /// <summary>Whole and decoded, before the handler runs, up to the limit of the server's setting.</summary>
    public static BodyKind Whole { get; } = new Buffered();

    /// <summary>See <see cref="None"/>.</summary>
    public sealed record Nothing : BodyKind;

    /// <summary>Whole. A gzip body is decoded.</summary>
    /// <param name="MaxBytes">The maximal length, both as sent and decoded; null for the server's setting, which always applies.</param>
    public sealed record Buffered(int? MaxBytes = null) : BodyKind;

    /// <summary>By the handler itself, as it arrives. An encoded body is refused.</summary>
    public sealed record Streamed : BodyKind;
}
