using Lockstep.Core.Lists;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Builds indexes on fields, a step at a time along the ids.</summary>
/// <param name="start">The bucket before the turn.</param>
/// <param name="draft">The turn's changes.</param>
/// <param name="rows">The rows of the turn.</param>
/// <param name="store">The store of the bucket.</param>
internal sealed class TurnIndexes(BucketHeads start, BucketDraft draft, TurnRows rows, IBucketStore store)
{
    // Records, and their bytes, that one step adds to indexes.
    private const int IndexedAtOnce = 500;
    private const long IndexedBytes = 1L << 20;

    private BucketHeads Heads => draft.Heads;

    /// <summary>Takes one step. It is short, so it needs no place.</summary>
    public async ValueTask<Outcome> BuildAsync(ListRef list, CancellationToken cancellationToken)
    {
        var head = Heads[list];
        if (!head.Exists || start[list].Key != head.Key)
        {
            return new CountFound(0, head.RowsModified);
        }

        if (head.Indexes.Any(static index => !index.IsInStep))
        {
            draft.Indexes.Restart(list);
            head = Heads[list];
        }

        var unfinished = head.Indexes.Where(static index => !index.IsWhole).ToList();
        if (unfinished.Count == 0)
        {
            return new CountFound(0, head.RowsModified);
        }

        var from = unfinished.Select(static index => index.BuiltTo).Min(StringComparer.Ordinal)!;
        var query = new ListQuery
        {
            Sort = [new SortField("id", Descending: false)],
            Cursor = from.Length == 0 ? null : new PageCursor(ServerTimestamp.Zero, from, PageCursor.Unbounded),
            Projection = Projection.Listed,
            Limit = IndexedAtOnce,
        };

        // All steps together read along the ids once. A list with few records is read whole.
        var live = head.Count <= 2 * IndexedAtOnce ? head.Count : long.MaxValue;
        var read = await store.ScanAsync(new RecordScan(Heads.Key, head.Key, query, IndexedAtOnce, IndexedBytes) { LiveRows = live }, cancellationToken);
        if (read.Head is null)
        {
            // Somebody else has written meanwhile.
            rows.IsStale = true;
            return Unavailable.Overloaded;
        }

        draft.Indexes.Build(list, unfinished.FindAll(index => index.BuiltTo == from), read.Records, read.More);
        return new CountFound(read.Records.Count, head.RowsModified);
    }
}
