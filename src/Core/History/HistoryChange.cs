using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;

namespace Lockstep.Core.History;

/// <summary>One change of one object, as its history tells it.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Target">The object.</param>
/// <param name="Action">What was done.</param>
/// <param name="Record">The object as it is from now on: a tombstone where it was deleted. Its stamp is the entry's.</param>
/// <param name="Access">What it says of rights, whole: with its bucket's author where nothing else is said.</param>
/// <param name="User">Who did it; null for nobody who signed in.</param>
public sealed record HistoryChange(BucketId Bucket, ObjectRef Target, HistoryAction Action, StoredRecord Record, AccessList Access, string? User);
