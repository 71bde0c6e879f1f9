using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="Records">In the query's order.</param>
/// <param name="ListStamp">The stamp to poll on with: of the list when its first page was read.</param>
/// <param name="Next">Where the next page starts; null on the last one.</param>
public sealed record PageFound(
    IReadOnlyList<StoredRecord> Records, ServerTimestamp ListStamp, PageCursor? Next) : Outcome
{
    /// <summary>Live records that match, on whatever page; null where that was not known anyway.</summary>
    public long? Total { get; init; }
}
