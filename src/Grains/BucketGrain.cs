using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Grains.Wire;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Lockstep.Grains;

/// <summary>
/// Brings requests from anywhere in the cluster to the owner in this silo. Reentrant, since the owner has its own queue and
/// readers must not wait for commits. No rule of sync lives here: that there is one activation is what makes owners fast, not
/// what makes them right (the store compares versions, and the lease bounds what is answered from memory). Placed at random:
/// by preference for the caller's silo one that takes all requests would end up with all owners.
/// </summary>
[Reentrant, RandomPlacement]
internal sealed class BucketGrain(InProcessBuckets owners) : Grain, IBucketGrain
{
    private BucketId id;

    public async Task<ResponseWire> ExecuteAsync(RequestWire request, CancellationToken cancellationToken)
    {
        // As on the thread pool: on the activation's scheduler the owner's turns would be bound to it, and end with it. Begun on
        // this thread all the same, since most answers are in memory and need no other one.
        var execution = new Task<Task<BucketResponse>>(() => owners.Get(id).ExecuteAsync(request.ToRequest(), cancellationToken).AsTask());
        execution.RunSynchronously(TaskScheduler.Default);
        return ResponseWire.From(await execution.Unwrap());
    }

    public Task PingAsync() => Task.CompletedTask;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        id = BucketId.Parse(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    /// <summary>What has queued is executed and answered; then the owner goes.</summary>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        Task.Run(() => owners.CloseAsync(id, cancellationToken), cancellationToken);
}
