using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;

namespace Lockstep.Core.Owner;

/// <summary>A request in an owner's queue, its answer once that is decided, and where it goes.</summary>
internal sealed class PendingRequest(BucketRequest request, CancellationToken cancellationToken)
{
    // Answers must not run on the owner's turn: a slow reader of one answer would hold up the bucket.
    private readonly TaskCompletionSource<BucketResponse> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? fault;

    public BucketRequest Request { get; } = request;

    public long Size { get; } = request.Size;

    /// <summary>How many operations it has.</summary>
    public int Operations { get; } = request.Operations.Count;

    /// <summary>What was decided; null while nothing is, or where that is a fault.</summary>
    public BucketResponse? Response { get; private set; }

    /// <summary>For the caller.</summary>
    public Task<BucketResponse> Answered => answer.Task;

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

    public void Decide(BucketResponse response) => Response = response;

    public void Decide(Exception thrown) => fault = thrown;

    /// <summary>Tells the caller what was decided. Where nothing was, nobody knows what became of the request.</summary>
    public void Answer()
    {
        if (fault is not null)
        {
            answer.TrySetException(fault);
        }
        else
        {
            answer.TrySetResult(Response ?? BucketResponse.Uniform(Request, Unavailable.FateUnknown));
        }
    }
}
