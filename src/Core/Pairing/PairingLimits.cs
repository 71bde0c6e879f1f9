namespace Lockstep.Core.Pairing;

/// <summary>What channels may take of a process.</summary>
/// <param name="MaxChannels">Open at a time.</param>
/// <param name="MaxMessages">So often a channel's messages are read, and so many are left there. The last one that is read ends it.</param>
/// <param name="Lifetime">From the opening or the last message on.</param>
public sealed record PairingLimits(int MaxChannels, int MaxMessages, TimeSpan Lifetime);
