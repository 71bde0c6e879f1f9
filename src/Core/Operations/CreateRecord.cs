using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>Creates the object; an existing one is returned unchanged.</summary>
/// <remarks>Kinto: POST on a list.</remarks>
/// <param name="Target">The object.</param>
/// <param name="Body">The data.</param>
/// <param name="Hint">The stamp that the client proposes.</param>
public sealed record CreateRecord(ObjectRef Target, ReadOnlyMemory<byte> Body, ServerTimestamp? Hint = null) : Operation
{
    /// <summary>
    /// Whether the client gave no id, and the target's comes from <see cref="IdGenerator"/>. If that id was ever used, the object gets
    /// another one. Ignored for a bucket, whose id its owner cannot change. Default: false.
    /// </summary>
    public bool HasGeneratedId { get; init; }

    /// <summary>The change of the object's permissions. Default: none.</summary>
    public AccessChange? Access { get; init; }

    public override bool IsWrite => true;

    public override long Size => 256 + Body.Length + (Access?.Size ?? 0);

    public override ReadOnlyMemory<byte>? SentBody => Body;
}
