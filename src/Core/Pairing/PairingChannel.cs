using System.Security.Cryptography;

namespace Lockstep.Core.Pairing;

/// <summary>One channel. Its owner calls one thing at a time.</summary>
/// <param name="opener">The device that has opened it.</param>
/// <param name="opened">When, by the clock's timestamps.</param>
internal sealed class PairingChannel(string opener, long opened)
{
    private string? guest;
    private string tag = "";
    private ReadOnlyMemory<byte> message;

    /// <summary>When it was opened or the last message was left there.</summary>
    public long Touched { get; private set; } = opened;

    public int Reads { get; private set; }

    public int Writes { get; private set; }

    /// <summary>Whether a device is one of the two. The first other than the opener becomes the second.</summary>
    public bool Admits(string device)
    {
        if (device.Length == 0)
        {
            return false;
        }

        if (!string.Equals(device, opener, StringComparison.Ordinal))
        {
            guest ??= device;
            return string.Equals(device, guest, StringComparison.Ordinal);
        }

        return true;
    }

    public PairingReply Read(IReadOnlyList<string> known)
    {
        if (tag.Length == 0)
        {
            return new PairingReply(PairingStatus.Empty);
        }

        if (IsIn(known))
        {
            return new PairingReply(PairingStatus.Known, tag);
        }

        Reads++;
        return new PairingReply(PairingStatus.Done, tag, message);
    }

    public PairingReply Write(ReadOnlyMemory<byte> next, IReadOnlyList<string>? over, IReadOnlyList<string>? notOver, int most, long now)
    {
        if (Writes == most || (over is not null && !IsIn(over)) || (notOver is not null && IsIn(notOver)))
        {
            return new PairingReply(PairingStatus.Conflict, tag);
        }

        (message, tag, Touched) = (next, RandomNumberGenerator.GetHexString(32, lowercase: true), now);
        Writes++;
        return new PairingReply(PairingStatus.Done, tag);
    }

    private bool IsIn(IReadOnlyList<string> tags) =>
        tag.Length > 0 && tags.Any(one => one is PairingReply.AnyTag || string.Equals(one, tag, StringComparison.Ordinal));
}
