using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.EndToEnd.ServerFull;

/// <summary>A store that is lost in one commit, before or after it was stored.</summary>
internal sealed class FailingBucketStore(IBucketStore inner, int failing, bool stores) : DelegatingBucketStore(inner)
{
    private int commits;

    /// <summary>Commits so far.</summary>
    public int Commits => Volatile.Read(ref commits);

    public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
    {
        if (Interlocked.Increment(ref commits) != failing)
        {
            return await base.CommitAsync(commit);
        }

        if (stores)
        {
            await base.CommitAsync(commit);
        }

        return CommitOutcome.Unknown;
    }
}
