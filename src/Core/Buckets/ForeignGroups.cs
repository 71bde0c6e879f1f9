using Lockstep.Core.Time;

namespace Lockstep.Core.Buckets;

/// <summary>Which groups of other buckets somebody is in, of those that one bucket names.</summary>
/// <param name="At">When that was asked, on the monotonic clock.</param>
/// <param name="Asked">The groups that were asked for, in the form of clients.</param>
/// <param name="Groups">Those that they are in, with the last deletion of a group of that name.</param>
/// <param name="Changes">See <c>Standing.ForeignChanges</c>.</param>
internal sealed record ForeignGroups(
    long At, IReadOnlySet<string> Asked, IReadOnlyList<KeyValuePair<string, ServerTimestamp>> Groups, IReadOnlyList<ServerTimestamp> Changes)
{
    private static readonly IReadOnlySet<string> Nothing = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Nothing is named that could be asked for.</summary>
    public static readonly ForeignGroups None = new(0, Nothing, [], []);

    /// <summary>Nobody answered: whoever is let in by nothing else is told to come again.</summary>
    public static readonly ForeignGroups Unknown = new(0, Nothing, [], []) { IsKnown = false };

    public bool IsKnown { get; private init; } = true;
}
