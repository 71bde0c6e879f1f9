using Lockstep.Core.Storage;

namespace Lockstep.Storage.Contract;

/// <summary>A store whose commits wait until the gate is opened, and before which a test can do something.</summary>
public sealed class GatedBucketStore(IBucketStore inner) : DelegatingBucketStore(inner)
{
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int commits;

    /// <summary>Commits that have come to the gate.</summary>
    public Tally Begun { get; } = new();

    /// <summary>Runs before each commit but the first.</summary>
    public Func<Task> Next { get; set; } = static () => Task.CompletedTask;

    public void Open() => opened.TrySetResult();

    public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
    {
        Begun.Add();
        await opened.Task;
        if (commits++ > 0)
        {
            await Next();
        }

        return await base.CommitAsync(commit);
    }
}
