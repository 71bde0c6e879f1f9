using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>A read of the index: a user's buckets as a list, whose records have the buckets' names as ids.</summary>
/// <param name="Author">The principal who is their last author.</param>
/// <param name="Query">
/// Filters and cursor. Its own limits are ignored here, and so are weight and expiry. A deleted bucket is a tombstone.
/// </param>
/// <param name="Limit">The maximal number of entries; may be 0.</param>
public sealed record BucketScan(string Author, ListQuery Query, int Limit)
{
    /// <summary>Only buckets that this account created: see <see cref="AccountRef.Made"/>. Default: those of anybody with the name.</summary>
    public AccountRef Account { get; init; }

    /// <summary>Only buckets of this kind. Default: all.</summary>
    public BucketKind? Kind { get; init; }

    /// <summary>The index knows no fields of the data: for an order by these, it returns the newest first.</summary>
    public ListOrder Order => Query.Order is ListOrder.OldestFirst or ListOrder.IdAscending or ListOrder.IdDescending ? Query.Order : ListOrder.NewestFirst;

    /// <summary>Whether existing buckets are wanted.</summary>
    public bool WantsLive => Query.Deleted != true;

    /// <summary>Whether deleted buckets are wanted.</summary>
    public bool WantsDeleted => Query.ShowsTombstones && Query.Deleted != false;

    /// <summary>Only these, by the query's ids, each once; null for all.</summary>
    public IReadOnlyList<BucketId>? Ids => Query.Ids is null ? null
        : [.. Query.Ids.Distinct(StringComparer.Ordinal).SelectMany(BucketId.OfName).Where(id => Kind is null || id.Kind == Kind)];

    /// <summary>All buckets that pass the query's filters, wherever its cursor is.</summary>
    public BucketScan Uncut() => this with { Query = Query with { Cursor = null } };

    /// <summary>The whole list, whatever the query.</summary>
    public BucketScan Whole() => this with { Query = new ListQuery { Limit = 0 } };

    /// <summary>The bounds of what is read.</summary>
    /// <param name="deleted">For deleted buckets; otherwise for existing ones.</param>
    public BucketRange RangeOf(bool deleted)
    {
        var (above, upTo, past) = (Query.LowerBound, Query.Before?.Plus(-1), Query.Order == ListOrder.Fields ? null : Query.Cursor);
        if (deleted && Account.Number != 0 && Account.Since > ServerTimestamp.Zero && !(above >= Account.Since))
        {
            // Deleted buckets have no account number.
            above = Account.Since.Plus(-1);
        }

        if (Query.Cursor is { } cursor && !(upTo < cursor.ListStamp))
        {
            upTo = cursor.ListStamp;
        }

        return Order switch
        {
            ListOrder.NewestFirst when past is not null => upTo < past.Modified ? new(above, upTo, null) : new(above, null, past),
            ListOrder.OldestFirst when past is not null => above >= past.Modified ? new(above, upTo, null) : new(null, upTo, past),
            _ => new(above, upTo, past),
        };
    }

    /// <summary>Whether the bucket is in the list, whatever the query: the list's stamp is the newest of these.</summary>
    public bool IsOfList(BucketEntry entry) => (Kind is null || entry.Id.Kind == Kind) && Account.Made(entry.AuthorNumber, entry.Modified);

    /// <summary>The scan's order.</summary>
    public int Compare(BucketEntry a, BucketEntry b) => RecordOrder.Compare(Order, a.Modified, a.Id.Name, b.Modified, b.Id.Name);
}
