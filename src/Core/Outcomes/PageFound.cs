using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="Records">In the query's order.</param>
/// <param name="ListStamp">The stamp from which to poll: the list's stamp when its first page was read.</param>
/// <param name="Next">Where the next page starts; null on the last one.</param>
public sealed record PageFound(
    IReadOnlyList<StoredRecord> Records, ServerTimestamp ListStamp, PageCursor? Next) : Outcome
{
    /// <summary>Live records that match, on all pages; null if that was not known anyway.</summary>
    public long? Total { get; init; }

    /// <summary>Which of <see cref="Operations.ListRecords.AlsoFor"/> would get exactly this page, by their positions there. Null if none were asked about, and from owners that do not say so.</summary>
    public IReadOnlyList<int>? SameFor { get; init; }

    /// <summary>Whether the caller's view changes only with this bucket, so that its notices cover it: no group of another bucket counts for them. False if that was not asked, or is not known.</summary>
    public bool IsSettled { get; init; }

    /// <summary>The stamp up to which the caller's view is final: their groups in other buckets have changed, which takes effect later. Null if all of it is, and if that is not known.</summary>
    public ServerTimestamp? SettledTo { get; init; }
}
