using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>The number of existing buckets in a <see cref="BucketScan"/>, with the matching stamp.</summary>
/// <param name="Stamp">As in <see cref="BucketRows"/>.</param>
/// <param name="Live">Buckets that exist and pass the query's filters, wherever its cursor is.</param>
public sealed record BucketCount(ServerTimestamp Stamp, long Live);
