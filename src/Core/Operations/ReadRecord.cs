using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Reads one object.</summary>
/// <remarks>Kinto: GET or HEAD of an object. Sync: GET of a record.</remarks>
public sealed record ReadRecord(ObjectRef Target) : Operation
{
    public override bool IsWrite => false;
}
