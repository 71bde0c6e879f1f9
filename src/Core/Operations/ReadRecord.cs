using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Kinto: GET or HEAD of an object.</summary>
public sealed record ReadRecord(ObjectRef Target) : Operation
{
    public override bool IsWrite => false;
}
