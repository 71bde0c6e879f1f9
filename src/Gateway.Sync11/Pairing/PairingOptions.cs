using Lockstep.Core.Pairing;
using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Sync11.Pairing;

/// <summary>Settings of Easy Setup, the channels through which a device gets a user's name, password and key from another device.</summary>
public sealed record PairingOptions
{
    /// <summary>Whether Easy Setup is served with Sync 1.1. Default: true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Channels that a process may have open at a time. Default: 1,000.</summary>
    [Bounds(1)]
    public int MaxChannels { get; init; } = 1000;

    /// <summary>Channels that one address may open in <see cref="BlockTime"/>. Default: 20.</summary>
    [Bounds(1)]
    public int MaxChannelsPerAddress { get; init; } = 20;

    /// <summary>
    /// Requests from one address in <see cref="BlockTime"/> that do not come from a pairing device: for channels that do not exist, or that belong to other devices.
    /// Default: 20.
    /// </summary>
    [Bounds(1)]
    public int MaxBadRequests { get; init; } = 20;

    /// <summary>The longest time that an address with too many channels or bad requests must wait. Default: 10 minutes.</summary>
    [Bounds(1)]
    public TimeSpan BlockTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a channel is kept after it was opened or a message was left in it. Clients wait five minutes for each other. Default: 5 minutes.</summary>
    [Bounds(1)]
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many messages can be left in a channel, and how often one can be read, before it ends. Clients need six. Default: 6.</summary>
    [Bounds(6)]
    public int MaxMessages { get; init; } = 6;

    /// <summary>Bytes of a message. Clients send about 4,000. Default: 16 KiB.</summary>
    [Bounds(1)]
    public int MaxMessageBytes { get; init; } = 16 << 10;

    /// <summary>The limits of channels in a silo.</summary>
    public PairingLimits ToLimits() => new(MaxChannels, MaxMessages, Lifetime);
}
