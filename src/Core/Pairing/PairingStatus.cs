namespace Lockstep.Core.Pairing;

/// <summary>What became of a request to a channel. Its numbers cross between silos.</summary>
public enum PairingStatus : byte
{
    Done = 0,

    /// <summary>There is no such channel, or no longer.</summary>
    Missing = 1,

    /// <summary>A device that is none of the channel's two: the channel has ended.</summary>
    Foreign = 2,

    /// <summary>Nothing has been left there yet.</summary>
    Empty = 3,

    /// <summary>The message is one that the device has.</summary>
    Known = 4,

    /// <summary>The message before is not the one that the device has seen; or there were as many as there may be.</summary>
    Conflict = 5,

    /// <summary>Somebody has a channel of that name.</summary>
    Taken = 6,

    /// <summary>There are as many channels as there may be.</summary>
    Full = 7,
}
