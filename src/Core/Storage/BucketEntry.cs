using Lockstep.Core.Buckets;
using Lockstep.Core.Records;

namespace Lockstep.Core.Storage;

/// <summary>A bucket as seen in the list of all buckets of one author.</summary>
/// <param name="Id">The bucket.</param>
/// <param name="Record">Its object, or a tombstone of it.</param>
public sealed record BucketEntry(BucketId Id, StoredRecord Record);
