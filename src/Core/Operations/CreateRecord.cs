using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>Kinto: POST on a list. Creates the object; one that is already there is returned untouched.</summary>
/// <param name="Target">The object.</param>
/// <param name="Body">The data.</param>
/// <param name="Hint">The client's own wish for the stamp.</param>
public sealed record CreateRecord(ObjectRef Target, ReadOnlyMemory<byte> Body, ServerTimestamp? Hint = null) : Operation
{
    /// <summary>
    /// The client gave no id, and the target's comes from <see cref="IdGenerator"/>: where it was ever used, the object gets
    /// another one. It does not count for a bucket, whose id its owner cannot change. Default: false.
    /// </summary>
    public bool HasGeneratedId { get; init; }

    /// <summary>What it says of who may do what with the object. Default: nothing, and what was said stays.</summary>
    public AccessChange? Access { get; init; }

    public override bool IsWrite => true;

    public override long Size => 256 + Body.Length + (Access?.Size ?? 0);

    public override ReadOnlyMemory<byte>? SentBody => Body;
}
