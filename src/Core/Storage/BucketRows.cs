using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A part of the buckets of a <see cref="BucketScan"/>, with the matching stamp.</summary>
/// <param name="Stamp">The stamp of the newest bucket, whatever the query; zero if there is none.</param>
/// <param name="Entries">In the scan's order.</param>
/// <param name="More">Whether one was left out because of the limit.</param>
public sealed record BucketRows(ServerTimestamp Stamp, IReadOnlyList<BucketEntry> Entries, bool More);
