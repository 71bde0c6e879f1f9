using Lockstep.Core.Time;

namespace Lockstep.Core.Live;

/// <summary>A hint that something in a bucket may have changed. There may be no change, and a hint can be lost. The receiver reads to learn what changed.</summary>
/// <param name="Position">The position for the next wait.</param>
/// <param name="Stamp">A committed stamp: reads must be at least as new. Zero where none is known.</param>
/// <param name="Collections">Only records of these collections changed; null if anything in the bucket may have changed, including rights.</param>
public sealed record ChangeNotice(FeedPosition Position, ServerTimestamp Stamp, IReadOnlyList<string>? Collections);
