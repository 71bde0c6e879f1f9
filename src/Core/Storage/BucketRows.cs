using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>Some of the buckets of a <see cref="BucketScan"/>, and the stamp that fits them.</summary>
/// <param name="Stamp">That of the newest bucket, whatever the query says; zero where there is none.</param>
/// <param name="Entries">In the scan's order.</param>
/// <param name="More">Whether one was left out because of the limit.</param>
public sealed record BucketRows(ServerTimestamp Stamp, IReadOnlyList<BucketEntry> Entries, bool More);
