using Lockstep.Core.Buckets;

namespace Lockstep.Core.Storage;

/// <summary>A bucket as its store finds it again.</summary>
/// <param name="Id">Which bucket; where a store has several databases, it says in which one the row is.</param>
/// <param name="Row">The store's own key, unique in one database only; 0 for a bucket that was never written.</param>
public readonly record struct BucketKey(BucketId Id, long Row);
