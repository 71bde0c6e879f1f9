namespace Lockstep.Core.Buckets;

/// <summary>One bucket, wherever its owner lives.</summary>
public interface IBucket
{
    /// <summary>
    /// Runs the operations in order; each sees what came before it. Writes of one request are committed together.
    /// </summary>
    /// <returns>
    /// One outcome an operation, in order. When the commit did not happen every outcome says so; an outcome never claims
    /// a write that the store does not hold.
    /// </returns>
    /// <exception cref="OperationCanceledException">Cancelled before the request was begun; nothing was executed.</exception>
    ValueTask<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken);
}
