namespace Lockstep.Cluster.Chaos.Histories;

/// <summary>One conditional write to one register, as its caller saw it.</summary>
internal sealed record RegisterWrite
{
    /// <summary>Monotonic time at which it was sent.</summary>
    public required long Invoked { get; init; }

    /// <summary>Monotonic time at which its answer was there. Without meaning when the effect is unknown.</summary>
    public long Returned { get; init; } = long.MaxValue;

    public WriteCondition Condition { get; init; }

    /// <summary>The stamp of <see cref="WriteCondition.IfMatch"/> or <see cref="WriteCondition.IfUnmodified"/>.</summary>
    public long Expected { get; init; }

    /// <summary>What it writes; null for a deletion.</summary>
    public string? Content { get; init; }

    public Effect Effect { get; init; }

    /// <summary>The stamp it was given, where it was applied and that was told.</summary>
    public long Stamp { get; init; }

    /// <summary>What was there instead, where it was not applied and that was told.</summary>
    public RegisterValue? Seen { get; init; }

    /// <summary>No answer orders it before anything.</summary>
    public long Ended => Effect is Effect.Unknown ? long.MaxValue : Returned;

    public override string ToString() =>
        $"[{Invoked}..{(Effect is Effect.Unknown ? "" : Returned)}] {Condition} {(Condition is WriteCondition.IfMatch or WriteCondition.IfUnmodified ? Expected : "")} "
        + $"{(Content is null ? "delete" : $"write {Content}")} -> {Effect} {(Stamp > 0 ? Stamp : "")} {(Seen is { } seen ? $"seen {seen}" : "")}";
}
