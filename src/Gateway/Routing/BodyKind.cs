namespace Lockstep.Gateway.Routing;

/// <summary>How a request's body is read.</summary>
public abstract record BodyKind
{
    private BodyKind()
    {
    }

    /// <summary>Not at all; one that comes all the same is left where it is.</summary>
    public static BodyKind None { get; } = new Nothing();

    /// <summary>Whole and decoded, before the handler runs, and not more than the server's setting.</summary>
    public static BodyKind Whole { get; } = new Buffered();

    public sealed record Nothing : BodyKind;

    /// <summary>Whole. One that came in gzip is decoded.</summary>
    /// <param name="MaxBytes">Bytes it may have, as it comes and decoded; null for the server's setting, which is the most in any case.</param>
    public sealed record Buffered(int? MaxBytes = null) : BodyKind;

    /// <summary>By the handler itself, as it comes. One that is coded is refused.</summary>
    public sealed record Streamed : BodyKind;
}
