using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Which indexes on fields a list has, and how far they are built.</summary>
/// <param name="List">The list.</param>
public sealed record ReadFieldIndexes(ListRef List) : Operation
{
    public override bool IsWrite => false;
}
