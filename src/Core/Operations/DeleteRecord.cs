using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>
/// Kinto: DELETE of an object. A record leaves a tombstone; a collection or bucket also takes all that it holds with it,
/// without tombstones for that.
/// </summary>
public sealed record DeleteRecord(ObjectRef Target, ServerTimestamp? Hint = null) : Operation
{
    public override bool IsWrite => true;
}
