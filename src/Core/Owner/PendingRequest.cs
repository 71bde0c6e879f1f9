using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>A request in an owner's queue, with its answer once that is decided.</summary>
/// <param name="request">The request.</param>
/// <param name="beginBy">When it is given up if its turn has not begun.</param>
/// <param name="deadline">When it must be answered; later than <paramref name="beginBy"/>.</param>
/// <param name="cancellationToken">The caller's token; it counts until the turn commits.</param>
internal sealed class PendingRequest(BucketRequest request, Deadline beginBy, Deadline deadline, CancellationToken cancellationToken)
{
    private const int Waiting = 0;
    private const int Begun = 1;
    private const int GivenUp = 2;

    /// <summary>Nothing was done: groups of other buckets count that were not looked up for the caller. The request may be queued again with them.</summary>
    public static readonly BucketResponse Unresolved = new([]);

    // Continuations must not run on the owner's turn: a slow reader of one answer would hold up the bucket.
    private readonly TaskCompletionSource<BucketResponse> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? fault;
    private bool isGone;
    private int state = Waiting;

    public BucketRequest Request { get; } = request;

    public long Size { get; } = request.Size;

    /// <summary>The number of its operations.</summary>
    public int Operations { get; } = request.Operations.Count;

    public Deadline BeginBy { get; } = beginBy;

    public Deadline Deadline { get; } = deadline;

    /// <summary>The decided answer; null before the decision, and for a fault.</summary>
    public BucketResponse? Response { get; private set; }

    /// <summary>Whether a turn has taken it.</summary>
    public bool HasBegun => Volatile.Read(ref state) == Begun;

    /// <summary>Whether its answer is decided, including a fault.</summary>
    public bool IsDecided => Response is not null || fault is not null || isGone;

    /// <summary>Cancelled when its caller has gone.</summary>
    public CancellationToken CallerGone => cancellationToken;

    /// <summary>For the caller.</summary>
    public Task<BucketResponse> Answered => answer.Task;

    /// <summary>
    /// Takes the request out of the queue, unless its caller has gone or it has waited too long. From here on its turn answers it.
    /// </summary>
    public bool TryBegin()
    {
        if (cancellationToken.IsCancellationRequested)
        {
            answer.TrySetCanceled(cancellationToken);
            return false;
        }

        return Interlocked.CompareExchange(ref state, Begun, Waiting) == Waiting;
    }

    /// <summary>Answers it now as not executed, unless its turn has begun.</summary>
    /// <returns>Whether it was still waiting.</returns>
    public bool TryGiveUp()
    {
        if (Interlocked.CompareExchange(ref state, GivenUp, Waiting) != Waiting)
        {
            return false;
        }

        Decide(BucketResponse.Uniform(Request, Unavailable.Overloaded));
        Answer();
        return true;
    }

    public void Decide(BucketResponse response) => Response = response;

    public void Decide(Exception thrown) => fault = thrown;

    /// <summary>Its caller has gone, and nothing of it was done.</summary>
    public void DecideGone() => isGone = true;

    /// <summary>Sends the decided answer to the caller. Without a decision, the outcome is unknown.</summary>
    public void Answer()
    {
        if (fault is not null)
        {
            answer.TrySetException(fault);
        }
        else if (isGone)
        {
            answer.TrySetCanceled(cancellationToken);
        }
        else
        {
            answer.TrySetResult(Response ?? BucketResponse.Uniform(Request, Unavailable.FateUnknown));
        }
    }
}
