using Lockstep.Core.Pairing;

namespace Lockstep.Grains;

/// <summary>The serialized form of a channel's answer; see <see cref="PairingReply"/>.</summary>
[GenerateSerializer, Immutable, Alias("lockstep.pairing-answer")]
public sealed class PairingAnswer
{
    [Id(0)]
    public PairingStatus Status { get; init; }

    [Id(1)]
    public string Tag { get; init; } = "";

    [Id(2)]
    public byte[] Message { get; init; } = [];

    public static PairingAnswer From(PairingReply reply) => new() { Status = reply.Status, Tag = reply.Tag, Message = reply.Message.ToArray() };

    public PairingReply ToReply() => new(Status, Tag, Message);
}
