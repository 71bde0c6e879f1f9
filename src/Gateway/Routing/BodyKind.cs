namespace Lockstep.Gateway.Routing;

/// <summary>How a request's body is read.</summary>
public abstract record BodyKind
{
    private BodyKind()
    {
    }

    /// <summary>Not at all; one that comes all the same is left where it is.</summary>
    public static BodyKind None { get; } = new Nothing();

    /// <summary>Whole, before the handler runs, and not more than the server's setting.</summary>
    public static BodyKind Whole { get; } = new Buffered();

    public sealed record Nothing : BodyKind;

    /// <param name="MaxBytes">Bytes it may have; null for the server's setting, which is the most in any case.</param>
    public sealed record Buffered(int? MaxBytes = null) : BodyKind;

    /// <summary>By the handler itself, as it comes.</summary>
    public sealed record Streamed : BodyKind;
}
