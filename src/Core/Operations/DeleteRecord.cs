using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>
/// Kinto: DELETE of an object. A record leaves a tombstone. A collection or bucket is deleted with all that it holds,
/// which leaves no tombstones.
/// </summary>
public sealed record DeleteRecord(ObjectRef Target, ServerTimestamp? Hint = null) : Operation
{
    public override bool IsWrite => true;
}
