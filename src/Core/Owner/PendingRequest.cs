using Lockstep.Core.Buckets;

namespace Lockstep.Core.Owner;

/// <summary>A request in an owner's queue, and where its answer goes.</summary>
internal sealed class PendingRequest(BucketRequest request, CancellationToken cancellationToken)
{
    // Answers must not run on the owner's turn: a slow reader of one answer would hold up the bucket.
    private readonly TaskCompletionSource<BucketResponse> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BucketRequest Request { get; } = request;

    public long Size { get; } = request.Size;

    public Task<BucketResponse> Answer => answer.Task;

    /// <summary>Takes the request out of the queue unless its caller has gone; from here on it runs to its end.</summary>
    public bool TryBegin()
    {
        if (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }

        answer.TrySetCanceled(cancellationToken);
        return false;
    }

    public void Complete(BucketResponse response) => answer.TrySetResult(response);

    public void Fail(Exception fault) => answer.TrySetException(fault);
}
