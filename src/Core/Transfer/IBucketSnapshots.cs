using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Transfer;

/// <summary>Reads whole buckets to write them elsewhere, while others write to them. Each bucket is read as of one moment; two buckets are not.</summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IBucketSnapshots
{
    /// <summary>The number of buckets that were ever written, including deleted ones.</summary>
    ValueTask<long> CountAsync(CancellationToken cancellationToken);

    /// <summary>Named buckets that were ever written, including deleted ones, in the order of their stored ids.</summary>
    /// <param name="after">The last one seen; null for the beginning.</param>
    /// <param name="limit">The maximal number of ids.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<IReadOnlyList<BucketId>> ListNamedAsync(BucketId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Existing default buckets of users who have no account here, in the order of their authors.</summary>
    /// <param name="after">The last author seen; empty for the beginning.</param>
    /// <param name="limit">The maximal number of buckets.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<IReadOnlyList<(string Author, BucketId Bucket)>> ListForeignAsync(string after, int limit, CancellationToken cancellationToken);

    /// <summary>Opens a bucket as it is now.</summary>
    /// <returns>Null if it was never written.</returns>
    ValueTask<IBucketSnapshot?> OpenAsync(BucketId bucket, CancellationToken cancellationToken);
}
