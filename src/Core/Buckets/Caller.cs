namespace Lockstep.Core.Buckets;

/// <summary>Who asks, as far as a bucket's owner needs to know.</summary>
/// <param name="Principal">For example <c>account:alice</c>. Becomes the author of what the caller creates.</param>
/// <param name="IsDefaultBucket">
/// The gateway derived the bucket's id from the caller's own identity: the bucket is his, and it (and its collections)
/// come into being with the first write.
/// </param>
public readonly record struct Caller(string Principal, bool IsDefaultBucket);
