using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>Kinto: POST on a list. Creates the object; one that is already there is returned untouched.</summary>
/// <param name="Target">The object; an id the client did not give was made before the first attempt.</param>
/// <param name="Body">The data.</param>
/// <param name="Hint">The client's own wish for the stamp.</param>
public sealed record CreateRecord(ObjectRef Target, ReadOnlyMemory<byte> Body, ServerTimestamp? Hint = null) : Operation
{
    public override bool IsWrite => true;

    public override long Size => 256 + Body.Length;
}
