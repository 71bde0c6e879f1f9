using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>The part of a caller's buckets that a query selects.</summary>
/// <param name="rows">The first in order after the query's cursor; for an order by fields, as many as can be sorted.</param>
/// <param name="query">The query.</param>
internal sealed class BucketSelection(BucketRows rows, ListQuery query)
{
    /// <summary>The maximal number of buckets in an order by fields.</summary>
    public const int MaxSorted = 1_000;

    public IReadOnlyList<BucketEntry> Matching => rows.Entries;

    /// <summary>Whether more match than these.</summary>
    public bool More => rows.More;

    /// <summary>The stamp of the list; later pages keep the first page's.</summary>
    public ServerTimestamp Stamp => query.Cursor?.ListStamp ?? rows.Stamp;

    public static BucketScan ScanOf(Principal? author, ListQuery query) =>
        new(author?.Id ?? "", query, query.Order == ListOrder.Fields || query.Fields.Count > 0 ? MaxSorted : query.Limit) { Account = author?.Ref ?? default, Kind = BucketKind.Kinto };

    /// <summary>As many as fit on the page, at least one.</summary>
    public IReadOnlyList<BucketEntry> Page() => First(query.Limit, query.MaxBytes);

    /// <summary>As many from the front as these limits allow, at least one.</summary>
    public IReadOnlyList<BucketEntry> First(int limit, long maxBytes)
    {
        var bytes = 0L;
        var count = 0;
        while (count < Math.Min(Matching.Count, limit) && bytes < maxBytes)
        {
            bytes += Matching[count++].Bytes;
        }

        return [.. Matching.Take(count)];
    }

    public PageCursor? NextOf(IReadOnlyList<BucketEntry> page) => page.Count > 0 && (More || page.Count < Matching.Count)
        ? new PageCursor(page[^1].Modified, page[^1].Id.Name, Stamp)
        : null;
}
