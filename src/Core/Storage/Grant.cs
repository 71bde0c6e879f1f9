using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A row of the index of principals, as read.</summary>
/// <param name="Bucket">Its bucket.</param>
/// <param name="Key">The row.</param>
/// <param name="Stamp">Its meaning depends on the relation; zero if it has none.</param>
public readonly record struct Grant(BucketId Bucket, GrantKey Key, ServerTimestamp Stamp);
