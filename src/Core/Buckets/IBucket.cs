namespace Lockstep.Core.Buckets;

/// <summary>One bucket, wherever its owner is.</summary>
public interface IBucket
{
    /// <summary>
    /// Runs the operations in order; each sees the results of earlier ones. Writes of one request are committed together.
    /// </summary>
    /// <returns>
    /// One outcome for each operation, in order. If the commit did not happen, every outcome says so; an outcome never claims
    /// a write that the store does not hold.
    /// </returns>
    /// <exception cref="OperationCanceledException">Cancelled before the request was started; nothing was executed.</exception>
    ValueTask<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken);
}
