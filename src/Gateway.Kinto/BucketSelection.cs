using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// What of somebody's buckets a query is about. Ids and stamps of all are read, since the list's stamp and count are theirs,
/// and no more is kept than a page may show.
/// </summary>
/// <param name="Matching">The first in order past the query's cursor; for an order by fields, all that match.</param>
/// <param name="More">Whether more match than are kept.</param>
/// <param name="Stamp">The list's: the newest of all.</param>
/// <param name="Live">Buckets that exist and pass the query's filters.</param>
internal sealed record BucketSelection(IReadOnlyList<BucketEntry> Matching, bool More, ServerTimestamp Stamp, long Live)
{
    /// <summary>Buckets that an order by fields takes.</summary>
    public const int MaxSorted = 1_000;

    private const int AtOnce = 1_000;

    public static async ValueTask<BucketSelection> ReadAsync(IBucketIndex index, Principal author, ListQuery query, CancellationToken cancellationToken)
    {
        var order = query.Order;
        var kept = order == ListOrder.Fields ? MaxSorted : query.Limit;
        var matching = new List<(BucketEntry Entry, StoredRecord Row)>();
        var (stamp, live, more) = (ServerTimestamp.Zero, 0L, false);
        BucketId? last = null;
        while (await index.ListByAuthorAsync(author.Id, onlyLive: false, last, AtOnce, cancellationToken) is { Count: > 0 } entries)
        {
            foreach (var entry in entries.Where(entry => entry.Id.Kind == BucketKind.Kinto && author.Ref.Made(entry.AuthorNumber, entry.Modified)))
            {
                stamp = ServerTimestamp.Max(stamp, entry.Modified);
                var row = new StoredRecord { Id = entry.Id.Name, Modified = entry.Modified, IsTombstone = entry.IsDeleted };
                if (!query.Matches(row))
                {
                    continue;
                }

                live += entry.IsDeleted ? 0 : 1;
                if (query.Cursor is not { } cursor || (entry.Modified <= cursor.ListStamp && (order == ListOrder.Fields || RecordOrder.IsPast(order, row, cursor))))
                {
                    matching.Add((entry, row));
                }
            }

            if (order != ListOrder.Fields)
            {
                matching.Sort((a, b) => RecordOrder.Compare(order, a.Row, b.Row));
            }

            if (matching.Count > kept)
            {
                more = true;
                matching.RemoveRange(kept, matching.Count - kept);
            }

            if (entries.Count < AtOnce)
            {
                break;
            }

            last = entries[^1].Id;
        }

        return new BucketSelection(matching.ConvertAll(static one => one.Entry), more, stamp, live);
    }

    /// <summary>As many as fit on the page, at least one.</summary>
    public IReadOnlyList<BucketEntry> Page(ListQuery query)
    {
        var bytes = 0L;
        var count = 0;
        while (count < Math.Min(Matching.Count, query.Limit) && bytes < query.MaxBytes)
        {
            bytes += Matching[count++].Bytes;
        }

        return [.. Matching.Take(count)];
    }

    /// <summary>Later pages answer the first one's.</summary>
    public ServerTimestamp StampOf(ListQuery query) => query.Cursor?.ListStamp ?? Stamp;

    public PageCursor? NextOf(IReadOnlyList<BucketEntry> page, ListQuery query) => page.Count > 0 && (More || page.Count < Matching.Count)
        ? new PageCursor(page[^1].Modified, page[^1].Id.Name, StampOf(query))
        : null;
}
