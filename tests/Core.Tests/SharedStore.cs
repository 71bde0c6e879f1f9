using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>One process's view of a store that others use too; the test says when news and renewals arrive.</summary>
internal sealed class SharedStore(IBucketStore inner) : DelegatingBucketStore(inner)
{
    private readonly List<Action<BucketId>> listeners = [];

    public override bool IsShared => true;

    /// <summary>Whether the lease is confirmed.</summary>
    public bool Confirmed { get; set; } = true;

    public int Loads { get; private set; }

    public int Claims { get; private set; }

    /// <summary>Commits that were refused for their version.</summary>
    public int Stale { get; private set; }

    /// <summary>Runs after a load has read, before it is answered.</summary>
    public Func<Task> AfterLoad { get; set; } = () => Task.CompletedTask;

    /// <summary>Runs after a commit is done, before it is answered.</summary>
    public Func<Task> AfterCommit { get; set; } = () => Task.CompletedTask;

    public override void OnTakenOver(Action<BucketId> listener) => listeners.Add(listener);

    public void TakeOver(BucketId id) => listeners.ForEach(listener => listener(id));

    public override bool IsCurrent(BucketHeads heads) => Confirmed && heads.Lease == 1;

    public override async ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken)
    {
        Loads++;
        Claims += claim ? 1 : 0;
        var heads = await base.LoadAsync(id, claim, cancellationToken);
        await AfterLoad();
        return heads is null ? null : heads with { Lease = claim ? 1 : 0 };
    }

    public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
    {
        var outcome = await base.CommitAsync(commit);
        Stale += outcome.Status == CommitStatus.Stale ? 1 : 0;
        await AfterCommit();
        return outcome with { Lease = 1 };
    }
}
