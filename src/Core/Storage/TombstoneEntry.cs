using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A list that holds tombstones.</summary>
/// <param name="Bucket">Its bucket.</param>
/// <param name="Key">The key of its rows.</param>
/// <param name="List">The list; null if it was deleted and its rows still have to be removed.</param>
/// <param name="Oldest">The stamp of its oldest tombstone.</param>
public sealed record TombstoneEntry(BucketId Bucket, int Key, ListRef? List, ServerTimestamp Oldest);
