using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>
/// Removes tombstones of a list for good, the oldest first, and moves the list's horizon to the last of them. The newest row of the
/// list stays. Answered with the number removed.
/// </summary>
/// <param name="List">The list.</param>
/// <param name="Before">Only those with an older stamp.</param>
/// <param name="Limit">The maximal number.</param>
public sealed record PurgeTombstones(ListRef List, ServerTimestamp Before, int Limit) : Operation
{
    public override bool IsWrite => true;
}
