using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A list with records that expire.</summary>
/// <param name="Bucket">Its bucket.</param>
/// <param name="List">The list.</param>
/// <param name="Next">Nothing in it expires before this.</param>
public sealed record ExpiryEntry(BucketId Bucket, ListRef List, ServerTimestamp Next);
