using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Grains.Wire;
using Lockstep.Grains.Wire.Former;
using Orleans.Concurrency;
using Lockstep.Grains.Placement;

namespace Lockstep.Grains;

/// <summary>
/// Passes requests from anywhere in the cluster to the owner in this silo. It is reentrant, because the owner has its own queue and
/// readers must not wait for commits. It contains no rule of sync. Having one activation makes owners fast, not
/// correct: the store compares versions, and the lease limits what is answered from memory. <see cref="LocalOwners.EndIdle"/> ends idle
/// activations. Orleans' own collection uses the wall clock; if that was set back by a few minutes, Orleans
/// refuses every new activation until the clock has caught up.
/// </summary>
[Reentrant, HomePlacement, KeepAlive]
internal sealed class BucketGrain(InProcessBuckets owners, LocalOwners local, TimeProvider time) : Grain, IBucketGrain
{
    private BucketId id;
    private long called;

    /// <summary>Timestamp of the last call through Orleans, or of the activation.</summary>
    public long Called => Volatile.Read(ref called);

    public async Task<ResponseWire> ExecuteAsync(RequestWire request, CancellationToken cancellationToken) =>
        ResponseWire.From(await ExecuteAsync(request.ToRequest(), cancellationToken));

    public Task<BucketResponseSurrogate> RunAsync(BucketRequestSurrogate request) => RunAsync(request, isSystem: false);

    public Task<BucketResponseSurrogate> ReadAsync(BucketRequestSurrogate request, CancellationToken cancellationToken) =>
        request.ToRequest().IsReadOnly
            ? RunAsync(request, isSystem: false, cancellationToken)
            : throw new ArgumentException("A write is not given up.", nameof(request));

    public Task<BucketResponseSurrogate> ShareAsync(BucketRequestSurrogate request) => RunAsync(request, isSystem: false);

    public Task<BucketResponseSurrogate> FilterAsync(BucketRequestSurrogate request, CancellationToken cancellationToken) =>
        RunAsync(request, isSystem: false, request.ToRequest().IsReadOnly ? cancellationToken : CancellationToken.None);

    public Task<BucketResponseSurrogate> RecallAsync(BucketRequestSurrogate request, CancellationToken cancellationToken) => FilterAsync(request, cancellationToken);

    public Task<BucketResponseSurrogate> AdministerAsync(BucketRequestSurrogate request) => RunAsync(request, isSystem: true);

    public Task PingAsync() => Task.CompletedTask;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        id = BucketId.Parse(this.GetPrimaryKeyString());

        // Before anybody can find it; otherwise it would count as idle until its first call.
        Volatile.Write(ref called, time.GetTimestamp());
        local.Add(id, this);
        return Task.CompletedTask;
    }

    /// <summary>Executes and answers the queue, then ends the owner.</summary>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        local.Remove(id, this);
        return Task.Run(() => owners.CloseAsync(id, cancellationToken), cancellationToken);
    }

    private async Task<BucketResponseSurrogate> RunAsync(BucketRequestSurrogate surrogate, bool isSystem, CancellationToken cancellationToken = default)
    {
        var request = surrogate.ToRequest();
        if (request.Caller.Access is not (BucketAccess.Own or BucketAccess.ByAcl or BucketAccess.System)
            || (request.Caller.Access == BucketAccess.System) != isSystem)
        {
            throw new ArgumentException($"Access {request.Caller.Access} does not come this way.", nameof(surrogate));
        }

        return BucketResponseSurrogate.From(await ExecuteAsync(request, cancellationToken), request);
    }

    private async Task<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken)
    {
        Volatile.Write(ref called, time.GetTimestamp());

        // As on the thread pool: on the activation's scheduler the owner's turns would be bound to it, and end with it. Started on
        // this thread all the same, since most answers come from memory and need no other thread.
        var execution = new Task<Task<BucketResponse>>(() => owners.Get(id).ExecuteAsync(request, cancellationToken).AsTask());
        execution.RunSynchronously(TaskScheduler.Default);
        return await execution.Unwrap();
    }

    /// <summary>Moves the activation to its current placement when its calls are done. From any thread.</summary>
    public void Move()
    {
        local.Remove(id, this);
        GrainContext.Migrate(requestContext: null);
    }

    /// <summary>Ends an activation that has been idle for a while. From any thread.</summary>
    public void EndIdle()
    {
        local.Remove(id, this);
        GrainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, "Nobody has called it for a while."));
    }

    /// <summary>
    /// Ends the activation when its calls are done; waiting calls are placed again. It is not migrated: silos that leave at the
    /// same time would send it back and forth. From any thread.
    /// </summary>
    public void Leave()
    {
        local.Remove(id, this);
        GrainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo is about to stop."));
    }
}
