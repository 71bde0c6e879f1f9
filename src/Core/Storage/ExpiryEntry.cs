using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A list in which something expires.</summary>
/// <param name="Bucket">Its bucket.</param>
/// <param name="List">Which one it is.</param>
/// <param name="Next">Nothing in it expires before that.</param>
public sealed record ExpiryEntry(BucketId Bucket, ListRef List, ServerTimestamp Next);
