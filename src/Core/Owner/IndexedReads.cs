using Lockstep.Core.Lists;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Chooses the index on a field for a read, if there is one. An index leaves out no match, and everything it finds is still examined. So the answer is
/// the same with or without it.
/// </summary>
internal static class IndexedReads
{
    /// <summary>The index for filters on fields: of several, the one that finds the fewest records. An index that finds more than a page may examine is not used, unless it has the requested order.</summary>
    /// <param name="store">The store.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="head">The list.</param>
    /// <param name="query">The query.</param>
    /// <param name="most">The number of records that is still worth sorting.</param>
    /// <param name="cancellationToken">Stops the read.</param>
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
            // One more shows that there are too many.
            var scan = new RecordScan(heads.Key, head.Key, new ListQuery { Limit = 0 }, most + 1, long.MaxValue) { Field = range };
            var found = await store.CountAsync(scan, cancellationToken);
            if (found.IsIndexed && found.Count <= fewest)
            {
                (fewest, best) = (found.Count, range);
            }
        }

        return best;
    }

    /// <summary>The index that has the list in the requested order, limited to the range that the filters on its field allow.</summary>
    /// <param name="heads">The bucket.</param>
    /// <param name="head">The list.</param>
    /// <param name="query">The query, in an order by fields.</param>
    public static (FieldRange Range, FieldKeyWriter Writer)? ForOrder(BucketHeads heads, ListHead head, ListQuery query)
    {
        // Records with equal values are ordered newest first anyway.
        if (!IsPossible(heads, head, query) || query.Sort is not ([_] or [_, { Path: "last_modified", Descending: true }])
            || head.Indexes.FirstOrDefault(index => index.IsUsable && index.Path == query.Sort[0].Path) is not { } index)
        {
            return null;
        }

        var range = FieldRange.Of(index.Key, index.Path, query.Fields) ?? FieldRange.All(index.Key);
        return (range with { IsDescending = query.Sort[0].Descending }, new FieldKeyWriter(index.Path));
    }

    // An index has only live records, with their stamps and ids beside the keys.
    private static bool IsPossible(BucketHeads heads, ListHead head, ListQuery query) =>
        heads.HasIndexes && head.Indexes.Count > 0 && (!query.ShowsTombstones || query.Deleted == false) && query.Deleted != true
        && query is { Ids: null, AliveAt: null, ExpiredBy: null, ExpiringFirst: false, HeaviestFirst: false };
}
