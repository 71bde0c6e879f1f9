namespace Lockstep.Grains;

/// <summary>One channel by which two devices agree on a key; its key is the channel's name. See <see cref="Core.Pairing.IPairingChannels"/>.</summary>
[Alias("lockstep.pairing")]
public interface IPairingGrain : IGrainWithStringKey
{
    /// <param name="device">The device's name for itself.</param>
    [Alias("open")]
    Task<PairingAnswer> OpenAsync(string device);

    /// <param name="device">See above.</param>
    /// <param name="known">Tags of messages that the device has.</param>
    [Alias("read")]
    Task<PairingAnswer> ReadAsync(string device, string[] known);

    /// <param name="device">See above.</param>
    /// <param name="message">The message.</param>
    /// <param name="over">The message before must have one of these tags; null for no such condition.</param>
    /// <param name="notOver">The message before must have none of these tags; null for no such condition.</param>
    [Alias("write")]
    Task<PairingAnswer> WriteAsync(string device, byte[] message, string[]? over, string[]? notOver);

    /// <param name="device">See above.</param>
    [Alias("close")]
    Task<PairingAnswer> CloseAsync(string device);
}
