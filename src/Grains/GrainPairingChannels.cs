using Lockstep.Core.Pairing;
using Lockstep.Core.Storage;

namespace Lockstep.Grains;

/// <summary>Pairing channels shared by all gateways; each is in the silo of its grain.</summary>
/// <param name="grains">The route to the grains.</param>
/// <param name="joined">Completes when this process has joined the cluster; requests may come before.</param>
/// <param name="joinTime">How long a request waits for that.</param>
/// <param name="time">The clock.</param>
public sealed class GrainPairingChannels(IGrainFactory grains, Task joined, TimeSpan joinTime, TimeProvider time) : IPairingChannels
{
    public ValueTask<PairingReply> OpenAsync(string channel, string device, CancellationToken cancellationToken) =>
        AskAsync(channel, grain => grain.OpenAsync(device), cancellationToken);

    public ValueTask<PairingReply> ReadAsync(string channel, string device, IReadOnlyList<string> known, CancellationToken cancellationToken) =>
        AskAsync(channel, grain => grain.ReadAsync(device, [.. known]), cancellationToken);

    public ValueTask<PairingReply> WriteAsync(
        string channel, string device, ReadOnlyMemory<byte> message, IReadOnlyList<string>? over, IReadOnlyList<string>? notOver, CancellationToken cancellationToken) =>
        AskAsync(channel, grain => grain.WriteAsync(device, message.ToArray(), over?.ToArray(), notOver?.ToArray()), cancellationToken);

    public ValueTask<PairingReply> CloseAsync(string channel, string device, CancellationToken cancellationToken) =>
        AskAsync(channel, grain => grain.CloseAsync(device), cancellationToken);

    private async ValueTask<PairingReply> AskAsync(string channel, Func<IPairingGrain, Task<PairingAnswer>> ask, CancellationToken cancellationToken)
    {
        try
        {
            await joined.WaitAsync(joinTime, time, cancellationToken);
            return (await ask(grains.GetGrain<IPairingGrain>(channel))).ToReply();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Also if all silos are of a version without channels.
            throw new StoreUnavailableException($"The channels of Easy Setup cannot be reached: {e.Message}", e);
        }
    }
}
