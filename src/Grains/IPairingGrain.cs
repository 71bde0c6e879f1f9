namespace Lockstep.Grains;

/// <summary>One channel by which two devices agree on a key; its key is the channel's name. See <see cref="Core.Pairing.IPairingChannels"/>.</summary>
[Alias("lockstep.pairing")]
public interface IPairingGrain : IGrainWithStringKey
{
    /// <param name="device">What the device calls itself.</param>
    [Alias("open")]
    Task<PairingAnswer> OpenAsync(string device);

    /// <param name="device">As above.</param>
    /// <param name="known">Tags of messages that it has.</param>
    [Alias("read")]
    Task<PairingAnswer> ReadAsync(string device, string[] known);

    /// <param name="device">As above.</param>
    /// <param name="message">What it leaves.</param>
    /// <param name="over">Tags of which the message before must have one; null for no such condition.</param>
    /// <param name="notOver">Tags of which the message before must have none; null for no such condition.</param>
    [Alias("write")]
    Task<PairingAnswer> WriteAsync(string device, byte[] message, string[]? over, string[]? notOver);

    /// <param name="device">As above.</param>
    [Alias("close")]
    Task<PairingAnswer> CloseAsync(string device);
}
