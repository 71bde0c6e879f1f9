using Lockstep.Core.Lists;
using Lockstep.Core.Records;

namespace Lockstep.Core.Storage;

/// <summary>A read of one list's rows.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="List">The list's key.</param>
/// <param name="Query">Filters, projection and cursor; its own limits are ignored here.</param>
/// <param name="Limit">The maximal number of rows.</param>
/// <param name="MaxBytes">Bytes of rows (<see cref="StoredRecord.Size"/>) after which to stop; the row that exceeds it is still returned.</param>
public sealed record RecordScan(BucketKey Bucket, int List, ListQuery Query, int Limit, long MaxBytes)
{
    /// <summary>Up to this many live rows, reading and sorting all of them by id is better than reading along all ids.</summary>
    private const int FewRows = 10_000;

    public ListOrder Order => Query.Order;

    /// <summary>The list's live rows, as far as the caller knows; only a hint.</summary>
    public long LiveRows { get; init; } = long.MaxValue;

    /// <summary>Only rows that name one of these principals, in the form of the index; null for all.</summary>
    public IReadOnlyCollection<string>? Principals { get; init; }

    /// <summary>
    /// Only the rows in this range of an index on a field; for a scan of live rows without principals and expiry. Null for all. If the index cannot be used in the snapshot, there are
    /// none, and <see cref="RecordRows.IsIndexed"/> says so.
    /// </summary>
    public FieldRange? Field { get; init; }

    /// <summary>
    /// Whether every row that the index has for one of <see cref="Principals"/> in the range of stamps is wanted, in the order of the stamps. Then no more of them
    /// than fit have to be examined.
    /// </summary>
    public bool IsOfNewestNamed => Principals is not null && Query is { ShowsTombstones: true, Deleted: null, Ids: null, ExcludedIds: null, AliveAt: null, ExpiredBy: null }
        && Order == ListOrder.NewestFirst;

    /// <summary>
    /// Whether every row that the index has for one of <see cref="Principals"/> is wanted, in the order of ids. Then no more of them than fit have to
    /// be examined. False for later pages: rows written since the first page are left out there, and others take their places.
    /// </summary>
    public bool IsOfAllNamed => Principals is not null
        && Query is { Since.Milliseconds: 0, After: null, Before: null, Deleted: null, Ids: null, ExcludedIds: null, AliveAt: null, ExpiredBy: null }
        && (Query.Cursor is null || Query.Cursor.ListStamp == PageCursor.Unbounded)
        && Order == ListOrder.IdAscending;

    /// <summary>Whether the rows' permissions are read too.</summary>
    public bool ReadsAcl => Principals is not null || Query.Projection != Projection.Listed;

    /// <summary>Whether only live rows are wanted, so that tombstones need not be examined.</summary>
    public bool IsOfLiveRows => !Query.ShowsTombstones || Query.Deleted == false;

    /// <summary>Whether only tombstones are wanted.</summary>
    public bool IsOfTombstones => Query.ShowsTombstones && Query.Deleted == true;

    /// <summary>
    /// Whether both live rows and tombstones are wanted, in the order of their stamps or in none. They have separate indexes, which a store merges; any
    /// other order is that of neither.
    /// </summary>
    public bool IsMerged => Query.Ids is null && Principals is null && Query.ExpiredBy is null && !IsOfLiveRows && !IsOfTombstones
        && Order is ListOrder.NewestFirst or ListOrder.OldestFirst or ListOrder.Fields;

    /// <summary>
    /// Whether the list is read in the order of ids and has few live rows, perhaps among very many tombstones: all live ones are then read and
    /// sorted.
    /// </summary>
    public bool SortsLiveRows => Principals is null && IsOfLiveRows && Order is (ListOrder.IdAscending or ListOrder.IdDescending) && LiveRows <= FewRows;
}
