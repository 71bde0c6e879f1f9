using Lockstep.Core.Storage;

namespace Lockstep.Storage.Contract;

/// <summary>A store that fails on demand, in the middle of a commit.</summary>
public sealed class FaultyBucketStore(IBucketStore inner) : DelegatingBucketStore(inner)
{
    private readonly IBucketStore inner = inner;

    public CommitFault Next { get; set; }

    public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
    {
        var fault = Next;
        Next = CommitFault.None;
        switch (fault)
        {
            case CommitFault.Before:
                return CommitOutcome.NotExecuted;
            case CommitFault.LostBefore:
                return CommitOutcome.Unknown;
            case CommitFault.LostAfter:
                await inner.CommitAsync(commit);
                return CommitOutcome.Unknown;
            default:
                return await inner.CommitAsync(commit);
        }
    }
}
