using Lockstep.Core.Time;

namespace Lockstep.Core.Buckets;

/// <summary>The groups of other buckets that a caller is in, of those that one bucket names.</summary>
/// <param name="At">When they were looked up, on the monotonic clock.</param>
/// <param name="Asked">The groups that were looked up, as clients write them.</param>
/// <param name="Groups">Those that the caller is in, with the last deletion of a group of that name.</param>
/// <param name="Changes">See <c>Standing.ForeignChanges</c>.</param>
internal sealed record ForeignGroups(
    long At, IReadOnlySet<string> Asked, IReadOnlyList<KeyValuePair<string, ServerTimestamp>> Groups, IReadOnlyList<ServerTimestamp> Changes)
{
    private static readonly IReadOnlySet<string> Nothing = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>No groups are named that could be looked up.</summary>
    public static readonly ForeignGroups None = new(0, Nothing, [], []);

    /// <summary>The look-up failed: a caller without another right is told to retry.</summary>
    public static readonly ForeignGroups Unknown = new(0, Nothing, [], []) { IsKnown = false };

    public bool IsKnown { get; private init; } = true;
}
