using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>A request in an owner's queue, its answer once that is decided, and where it goes.</summary>
/// <param name="request">The request.</param>
/// <param name="beginBy">When it is given up if its turn has not begun.</param>
/// <param name="deadline">When it must be answered; later than that.</param>
/// <param name="cancellationToken">The caller's; counts until its turn commits.</param>
internal sealed class PendingRequest(BucketRequest request, Deadline beginBy, Deadline deadline, CancellationToken cancellationToken)
{
    private const int Waiting = 0;
    private const int Begun = 1;
    private const int GivenUp = 2;

    /// <summary>Nothing was done: groups of other buckets count that its caller was not asked for. It may come again with them.</summary>
    public static readonly BucketResponse Unresolved = new([]);

    // Answers must not run on the owner's turn: a slow reader of one answer would hold up the bucket.
    private readonly TaskCompletionSource<BucketResponse> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? fault;
    private bool isGone;
    private int state = Waiting;

    public BucketRequest Request { get; } = request;

    public long Size { get; } = request.Size;

    /// <summary>How many operations it has.</summary>
    public int Operations { get; } = request.Operations.Count;

    public Deadline BeginBy { get; } = beginBy;

    public Deadline Deadline { get; } = deadline;

    /// <summary>What was decided; null while nothing is, or where that is a fault.</summary>
    public BucketResponse? Response { get; private set; }

    /// <summary>Whether a turn has taken it.</summary>
    public bool HasBegun => Volatile.Read(ref state) == Begun;

    /// <summary>Whether its answer is decided, whatever that is.</summary>
    public bool IsDecided => Response is not null || fault is not null || isGone;

    /// <summary>Ends when its caller has gone.</summary>
    public CancellationToken CallerGone => cancellationToken;

    /// <summary>For the caller.</summary>
    public Task<BucketResponse> Answered => answer.Task;

    /// <summary>
    /// Takes the request out of the queue unless its caller has gone or it has waited for too long; from here on it is answered by its turn.
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

    /// <summary>Answers it now, unless its turn has begun: nothing of it is done.</summary>
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

    /// <summary>Nothing of it is done: its caller has gone.</summary>
    public void DecideGone() => isGone = true;

    /// <summary>Tells the caller what was decided. Where nothing was, nobody knows what became of the request.</summary>
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
