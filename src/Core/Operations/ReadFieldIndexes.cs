using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Lists the indexes on fields of a list, and how far they are built.</summary>
/// <param name="List">The list.</param>
public sealed record ReadFieldIndexes(ListRef List) : Operation
{
    public override bool IsWrite => false;
}
