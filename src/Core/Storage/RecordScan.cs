using Lockstep.Core.Lists;
using Lockstep.Core.Records;

namespace Lockstep.Core.Storage;

/// <summary>A read of one list's rows.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="List">The list's key.</param>
/// <param name="Query">Filters, projection and cursor; its own limits do not count here.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="MaxBytes">Bytes of rows (<see cref="StoredRecord.Size"/>) after which to stop; the row that passes it is still returned.</param>
public sealed record RecordScan(BucketKey Bucket, int List, ListQuery Query, int Limit, long MaxBytes)
{
    /// <summary>Live rows at which reading all of them, to put them in order of their ids, is still better than reading along all ids.</summary>
    private const int FewRows = 10_000;

    public ListOrder Order => Query.Order;

    /// <summary>The list's live rows as far as the caller knows; only a hint.</summary>
    public long LiveRows { get; init; } = long.MaxValue;

    /// <summary>Only rows that name one of these, as the index of principals has them; null for all.</summary>
    public IReadOnlyCollection<string>? Principals { get; init; }

    /// <summary>
    /// Only rows that an index on a field has there, of a scan of live rows that asks for no principals and no expiry; null for all. If the index is not usable in the snapshot, there are
    /// none, and <see cref="RecordRows.IsIndexed"/> says so.
    /// </summary>
    public FieldRange? Field { get; init; }

    /// <summary>
    /// Each row that the index has for one of <see cref="Principals"/> in the range of stamps is wanted, in the order of these: so no more of them
    /// than fit have to be looked at.
    /// </summary>
    public bool IsOfNewestNamed => Principals is not null && Query is { ShowsTombstones: true, Deleted: null, Ids: null, ExcludedIds: null, AliveAt: null, ExpiredBy: null }
        && Order == ListOrder.NewestFirst;

    /// <summary>
    /// Each row that the index has for one of <see cref="Principals"/> is wanted, in the order of their ids: so no more of them than fit have to
    /// be looked at. Not on the pages behind a first one: rows that were written since are left out there, and others take their places.
    /// </summary>
    public bool IsOfAllNamed => Principals is not null
        && Query is { Since.Milliseconds: 0, After: null, Before: null, Deleted: null, Ids: null, ExcludedIds: null, AliveAt: null, ExpiredBy: null }
        && (Query.Cursor is null || Query.Cursor.ListStamp == PageCursor.Unbounded)
        && Order == ListOrder.IdAscending;

    /// <summary>Whether what a row says of rights is read with it.</summary>
    public bool ReadsAcl => Principals is not null || Query.Projection != Projection.Listed;

    /// <summary>Only live rows are wanted, so that those that are not need not be looked at.</summary>
    public bool IsOfLiveRows => !Query.ShowsTombstones || Query.Deleted == false;

    /// <summary>Only tombstones are wanted.</summary>
    public bool IsOfTombstones => Query.ShowsTombstones && Query.Deleted == true;

    /// <summary>
    /// Live rows and tombstones are both wanted, in order of their stamps or in none. They have an index each, which a store merges; any
    /// other order is not that of either.
    /// </summary>
    public bool IsMerged => Query.Ids is null && Principals is null && Query.ExpiredBy is null && !IsOfLiveRows && !IsOfTombstones
        && Order is ListOrder.NewestFirst or ListOrder.OldestFirst or ListOrder.Fields;

    /// <summary>
    /// The list is read in order of ids and has few live rows, perhaps among very many tombstones: all live ones are read and
    /// then sorted.
    /// </summary>
    public bool SortsLiveRows => Principals is null && IsOfLiveRows && Order is (ListOrder.IdAscending or ListOrder.IdDescending) && LiveRows <= FewRows;
}
