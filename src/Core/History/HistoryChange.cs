using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;

namespace Lockstep.Core.History;

/// <summary>One change of one object, as an entry of the history.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Target">The object.</param>
/// <param name="Action">What was done.</param>
/// <param name="Record">The object after the change: a tombstone where it was deleted. Its stamp is the entry's.</param>
/// <param name="Access">All its rights after the change, including its bucket's author where the object has no list.</param>
/// <param name="User">The user who did it; null when nobody had signed in.</param>
public sealed record HistoryChange(BucketId Bucket, ObjectRef Target, HistoryAction Action, StoredRecord Record, AccessList Access, string? User);
