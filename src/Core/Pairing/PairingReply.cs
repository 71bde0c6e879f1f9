namespace Lockstep.Core.Pairing;

/// <summary>A channel's answer.</summary>
/// <param name="Status">What became of the request.</param>
/// <param name="Tag">Of the message that there is now: 32 hexadecimal digits, never the same twice. Empty where none is told.</param>
/// <param name="Message">What was read; empty for all else.</param>
public sealed record PairingReply(PairingStatus Status, string Tag = "", ReadOnlyMemory<byte> Message = default)
{
    /// <summary>Stands for the tag of whichever message there is.</summary>
    public const string AnyTag = "*";
}
