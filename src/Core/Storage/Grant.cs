using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A row of the index of principals, as it is read.</summary>
/// <param name="Bucket">Whose it is.</param>
/// <param name="Key">The row.</param>
/// <param name="Stamp">What it says depends on the relation; else zero.</param>
public readonly record struct Grant(BucketId Bucket, GrantKey Key, ServerTimestamp Stamp);
