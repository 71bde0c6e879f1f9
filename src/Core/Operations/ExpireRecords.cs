using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>
/// Removes expired records, the earliest first; an expired upload is removed completely. Readers see no change. Answered with the
/// number removed.
/// </summary>
/// <param name="List">The list.</param>
/// <param name="Limit">The maximal number.</param>
public sealed record ExpireRecords(ListRef List, int Limit) : Operation
{
    public override bool IsWrite => true;
}
