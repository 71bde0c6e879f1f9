using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>
/// A step of building a list's indexes on fields. The bucket's owner asks it of itself, so that it does not travel. Answered with the number of records that
/// it looked at.
/// </summary>
/// <param name="List">The list.</param>
internal sealed record BuildFieldIndexes(ListRef List) : Operation
{
    public override bool IsWrite => true;
}
