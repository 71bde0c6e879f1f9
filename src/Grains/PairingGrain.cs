using Lockstep.Core.Pairing;

namespace Lockstep.Grains;

/// <summary>
/// Passes requests for a channel from anywhere in the cluster to the silo that has it in memory. A name has one activation, and so one channel. If the silo leaves,
/// or two activations exist for a moment, devices find no channel and start again. Without a channel it ends itself, for the reason given at <see cref="BucketGrain"/>.
/// </summary>
[KeepAlive]
internal sealed class PairingGrain(InProcessPairingChannels channels) : Grain, IPairingGrain
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private string Name => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(EndIfOverAsync, new GrainTimerCreationOptions(LookEvery, LookEvery));
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        channels.Drop(Name);
        return Task.CompletedTask;
    }

    public async Task<PairingAnswer> OpenAsync(string device) => Answer(await channels.OpenAsync(Name, device, CancellationToken.None));

    public async Task<PairingAnswer> ReadAsync(string device, string[] known) => Answer(await channels.ReadAsync(Name, device, known, CancellationToken.None));

    public async Task<PairingAnswer> WriteAsync(string device, byte[] message, string[]? over, string[]? notOver) =>
        Answer(await channels.WriteAsync(Name, device, message, over, notOver, CancellationToken.None));

    public async Task<PairingAnswer> CloseAsync(string device) => Answer(await channels.CloseAsync(Name, device, CancellationToken.None));

    private PairingAnswer Answer(PairingReply reply)
    {
        EndIfOver();
        return PairingAnswer.From(reply);
    }

    private Task EndIfOverAsync(CancellationToken cancellationToken)
    {
        EndIfOver();
        return Task.CompletedTask;
    }

    private void EndIfOver()
    {
        if (!channels.IsOpen(Name))
        {
            DeactivateOnIdle();
        }
    }
}
