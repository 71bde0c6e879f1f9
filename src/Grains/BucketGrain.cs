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
    private BucketId Id => BucketId.Parse(this.GetPrimaryKeyString());

    public async Task<ResponseWire> ExecuteAsync(RequestWire request, CancellationToken cancellationToken)
    {
        // On the thread pool: on the activation's scheduler the owner's turns would be bound to it, and end with it.
        var response = await Task.Run(() => owners.Get(Id).ExecuteAsync(request.ToRequest(), cancellationToken).AsTask(), cancellationToken);
        return ResponseWire.From(response);
    }

    public Task PingAsync() => Task.CompletedTask;

    /// <summary>What has queued is executed and answered; then the owner goes.</summary>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        Task.Run(() => owners.CloseAsync(Id, cancellationToken), cancellationToken);
}
