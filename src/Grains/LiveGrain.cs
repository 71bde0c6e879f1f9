using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Owner;
using Lockstep.Grains.Placement;
using Lockstep.Grains.Wire;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Lockstep.Grains;

/// <summary>
/// Connects waiting gateways to this silo's feed, in which the bucket's owner reports its commits. It moves when owners do: it then releases everybody who waits, and ends. They ask
/// again at the silo that is the bucket's home by then, and are told that the watch is new. When idle it ends itself, for the reason given at <see cref="BucketGrain"/>.
/// </summary>
[Reentrant, HomePlacement, KeepAlive]
internal sealed class LiveGrain(InProcessBuckets owners, LocalOwners local, TimeProvider time) : Grain, ILiveGrain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(2);

    private BucketId id;
    private int waiting;
    private long called;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        id = BucketId.Parse(this.GetPrimaryKeyString());
        called = time.GetTimestamp();
        this.RegisterGrainTimer(EndIfIdleAsync, new GrainTimerCreationOptions(Idle, Idle) { Interleave = true });
        local.Add(id, this);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        local.Remove(id, this);
        return Task.CompletedTask;
    }

    public async Task<ChangeNoticeWire> NextAsync(long epoch, long sequence)
    {
        waiting++;
        try
        {
            return ChangeNoticeWire.From(await owners.Feed.NextAsync(id, new FeedPosition(epoch, sequence), Patience, CancellationToken.None));
        }
        finally
        {
            waiting--;
            called = time.GetTimestamp();
        }
    }

    /// <summary>Releases everybody who waits, and ends the activation. From any thread.</summary>
    public void Leave()
    {
        local.Remove(id, this);
        GrainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "The bucket's home is another silo."));
        owners.Feed.Release(id);
    }

    private Task EndIfIdleAsync(CancellationToken cancellationToken)
    {
        if (waiting == 0 && time.GetElapsedTime(called) >= Idle)
        {
            DeactivateOnIdle();
        }

        return Task.CompletedTask;
    }
}
