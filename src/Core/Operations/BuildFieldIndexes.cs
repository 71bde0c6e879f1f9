using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>
/// A step of building a list's indexes on fields. The bucket's owner requests it from itself, so it is not sent between processes. Answered with the number of records
/// that it examined.
/// </summary>
/// <param name="List">The list.</param>
internal sealed record BuildFieldIndexes(ListRef List) : Operation
{
    public override bool IsWrite => true;
}
