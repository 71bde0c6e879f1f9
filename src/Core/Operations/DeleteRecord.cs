using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>
/// Deletes an object. It leaves a tombstone, if its bucket has any. A collection or bucket is deleted with all that it holds, which leaves none.
/// </summary>
/// <remarks>Kinto: DELETE of an object.</remarks>
public sealed record DeleteRecord(ObjectRef Target, ServerTimestamp? Hint = null) : Operation
{
    public override bool IsWrite => true;
}
