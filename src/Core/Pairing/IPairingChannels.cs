using Lockstep.Core.Storage;

namespace Lockstep.Core.Pairing;

/// <summary>
/// Places where two devices leave each other messages while they agree on a key: each knows nothing of the other but the channel's name. Invariants:
/// <list type="number">
/// <item>A channel has one message at a time, and two devices at most: the one that opened it, and the first other one that comes.</item>
/// <item>Whoever else comes ends it. So a name that is guessed opens nothing that both devices do not notice.</item>
/// <item>It is in memory alone, and gone after a while, after so many messages, or with the process that has it.</item>
/// </list>
/// </summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the channels cannot be reached. What was asked for may have been done then.</remarks>
public interface IPairingChannels
{
    /// <summary>Opens a channel.</summary>
    /// <param name="channel">Its name.</param>
    /// <param name="device">What the device calls itself, which nobody else knows.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns><see cref="PairingStatus.Done"/>, <see cref="PairingStatus.Taken"/> or <see cref="PairingStatus.Full"/>.</returns>
    ValueTask<PairingReply> OpenAsync(string channel, string device, CancellationToken cancellationToken);

    /// <summary>Reads the message.</summary>
    /// <param name="channel">Its name.</param>
    /// <param name="device">As above; empty for a device that says nothing of itself.</param>
    /// <param name="known">Tags of messages that the device has; <see cref="PairingReply.AnyTag"/> for whichever.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns><see cref="PairingStatus.Done"/>, <see cref="PairingStatus.Known"/>, <see cref="PairingStatus.Empty"/>, <see cref="PairingStatus.Missing"/> or <see cref="PairingStatus.Foreign"/>.</returns>
    ValueTask<PairingReply> ReadAsync(string channel, string device, IReadOnlyList<string> known, CancellationToken cancellationToken);

    /// <summary>Leaves a message in place of the one before.</summary>
    /// <param name="channel">Its name.</param>
    /// <param name="device">As above.</param>
    /// <param name="message">What it says; only the other device understands it.</param>
    /// <param name="over">Tags of which the message before must have one; null for no such condition.</param>
    /// <param name="notOver">Tags of which the message before must have none; null for no such condition.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns><see cref="PairingStatus.Done"/>, <see cref="PairingStatus.Conflict"/>, <see cref="PairingStatus.Missing"/> or <see cref="PairingStatus.Foreign"/>.</returns>
    ValueTask<PairingReply> WriteAsync(
        string channel, string device, ReadOnlyMemory<byte> message, IReadOnlyList<string>? over, IReadOnlyList<string>? notOver, CancellationToken cancellationToken);

    /// <summary>Ends a channel.</summary>
    /// <returns><see cref="PairingStatus.Done"/>, <see cref="PairingStatus.Missing"/>; or <see cref="PairingStatus.Foreign"/>, which ends it as well.</returns>
    ValueTask<PairingReply> CloseAsync(string channel, string device, CancellationToken cancellationToken);
}
