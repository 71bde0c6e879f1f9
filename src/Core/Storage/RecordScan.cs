using Lockstep.Core.Lists;

namespace Lockstep.Core.Storage;

/// <summary>A read of one list's rows.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="List">The list's key.</param>
/// <param name="Query">Filters, projection and cursor; its own limits do not count here.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="MaxBytes">Bytes of bodies after which to stop; the row that passes it is still returned.</param>
public sealed record RecordScan(BucketKey Bucket, int List, ListQuery Query, int Limit, long MaxBytes)
{
    /// <summary>Live rows at which reading all of them, to put them in order of their ids, is still better than reading along all ids.</summary>
    private const int FewRows = 10_000;

    public ListOrder Order => Query.Order;

    /// <summary>The list's live rows as far as the caller knows; only a hint.</summary>
    public long LiveRows { get; init; } = long.MaxValue;

    /// <summary>Only live rows are wanted, so that those that are not need not be looked at.</summary>
    public bool IsOfLiveRows => !Query.ShowsTombstones || Query.Deleted == false;

    /// <summary>Only tombstones are wanted.</summary>
    public bool IsOfTombstones => Query.ShowsTombstones && Query.Deleted == true;

    /// <summary>
    /// Live rows and tombstones are both wanted, in order of their stamps or in none. They have an index each, which a store merges; any
    /// other order is not that of either.
    /// </summary>
    public bool IsMerged => Query.Ids is null && Query.ExpiredBy is null && !IsOfLiveRows && !IsOfTombstones
        && Order is ListOrder.NewestFirst or ListOrder.OldestFirst or ListOrder.Fields;

    /// <summary>
    /// The list is read in order of ids and has few live rows, perhaps among very many tombstones: all live ones are read and
    /// then sorted.
    /// </summary>
    public bool SortsLiveRows => IsOfLiveRows && Order is (ListOrder.IdAscending or ListOrder.IdDescending) && LiveRows <= FewRows;
}
