using Lockstep.Core.Buckets;

namespace Lockstep.Core.Storage;

/// <summary>The key by which a store finds a bucket.</summary>
/// <param name="Id">The bucket; if a store has several databases, the id determines which one has the row.</param>
/// <param name="Row">The store's own key, unique in one database only; 0 for a bucket that was never written.</param>
public readonly record struct BucketKey(BucketId Id, long Row);
