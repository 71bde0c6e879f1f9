using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>
/// Removes records that have expired, the first ones first; of an upload that has, all. No reader sees a change. Answered with the
/// number that went.
/// </summary>
/// <param name="List">The list.</param>
/// <param name="Limit">How many at most.</param>
public sealed record ExpireRecords(ListRef List, int Limit) : Operation
{
    public override bool IsWrite => true;
}
