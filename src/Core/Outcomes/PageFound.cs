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

    /// <summary>Which of <see cref="Operations.ListRecords.AlsoFor"/> would be given this very page, by their places there. Null where nobody was asked about, and from owners that do not tell.</summary>
    public IReadOnlyList<int>? SameFor { get; init; }

    /// <summary>Whether what the caller sees changes with nothing but this bucket, so that its notices tell of it: no group of another bucket counts for them. False where that was not asked, or is not told.</summary>
    public bool IsSettled { get; init; }

    /// <summary>Up to where what the caller sees is as it will be: their groups in other buckets have changed, which counts for them from later on. Null for all of it, and where that is not told.</summary>
    public ServerTimestamp? SettledTo { get; init; }
}
