using Lockstep.Core.Lists;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Which index on a field a read goes by, if any. An index leaves out nothing that matches, and all that it finds is looked at as if there were none: so
/// what is answered is the same.
/// </summary>
internal static class IndexedReads
{
    /// <summary>The index for filters on fields. Of several the one that finds the fewest; one that finds more than a page may look at is none, unless it has them in the order that is asked for.</summary>
    /// <param name="store">The store.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="head">The list.</param>
    /// <param name="query">What is read.</param>
    /// <param name="most">Records that are worth to be put in order.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<FieldRange?> ForFiltersAsync(
        IBucketStore store, BucketHeads heads, ListHead head, ListQuery query, int most, CancellationToken cancellationToken)
    {
        if (!IsPossible(heads, head, query))
        {
            return null;
        }

        var ranges = head.Indexes.Where(static index => index.IsUsable).Select(index => FieldRange.Of(index.Key, index.Path, query.Fields)).OfType<FieldRange>().ToList();
        var ordered = query.Order is ListOrder.NewestFirst or ListOrder.OldestFirst ? ranges.Find(static range => range.IsPoint) : null;
        if (ordered is not null && ranges.Count == 1)
        {
            return ordered;
        }

        var (fewest, best) = ((long)most, ordered);
        foreach (var range in ranges)
        {
            // One more tells that there are too many.
            var scan = new RecordScan(heads.Key, head.Key, new ListQuery { Limit = 0 }, most + 1, long.MaxValue) { Field = range };
            var found = await store.CountAsync(scan, cancellationToken);
            if (found.IsIndexed && found.Count <= fewest)
            {
                (fewest, best) = (found.Count, range);
            }
        }

        return best;
    }

    /// <summary>The index that has the list in the order that is asked for, with what of it filters on the field let through.</summary>
    /// <param name="heads">The bucket.</param>
    /// <param name="head">The list.</param>
    /// <param name="query">What is read, in an order by fields.</param>
    public static (FieldRange Range, FieldKeyWriter Writer)? ForOrder(BucketHeads heads, ListHead head, ListQuery query)
    {
        // What is equal in the field is newest first anyway.
        if (!IsPossible(heads, head, query) || query.Sort is not ([_] or [_, { Path: "last_modified", Descending: true }])
            || head.Indexes.FirstOrDefault(index => index.IsUsable && index.Path == query.Sort[0].Path) is not { } index)
        {
            return null;
        }

        var range = FieldRange.Of(index.Key, index.Path, query.Fields) ?? FieldRange.All(index.Key);
        return (range with { IsDescending = query.Sort[0].Descending }, new FieldKeyWriter(index.Path));
    }

    // An index has live records only, and their stamps and ids beside the keys.
    private static bool IsPossible(BucketHeads heads, ListHead head, ListQuery query) =>
        heads.HasIndexes && head.Indexes.Count > 0 && (!query.ShowsTombstones || query.Deleted == false) && query.Deleted != true
        && query is { Ids: null, AliveAt: null, ExpiredBy: null, ExpiringFirst: false, HeaviestFirst: false };
}
