using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>How many buckets of a <see cref="BucketScan"/> exist, and the stamp that fits that.</summary>
/// <param name="Stamp">As in <see cref="BucketRows"/>.</param>
/// <param name="Live">Those that exist and pass the query's filters, wherever its cursor is.</param>
public sealed record BucketCount(ServerTimestamp Stamp, long Live);
