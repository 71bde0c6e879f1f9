using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>Removes expired records, the earliest first. Readers see no change.</summary>
/// <param name="start">The bucket before the turn.</param>
/// <param name="draft">The turn's changes.</param>
/// <param name="reader">Says by which time records expire.</param>
/// <param name="store">The store of the bucket.</param>
internal sealed class TurnExpiry(BucketHeads start, BucketDraft draft, OperationReader reader, IBucketStore store)
{
    private BucketHeads Heads => draft.Heads;

    /// <summary>Removes expired records; an expired upload is removed as a whole.</summary>
    /// <returns>The number of records removed.</returns>
    public async ValueTask<int> RunAsync(ListRef list, int limit, CancellationToken cancellationToken)
    {
        var (head, at) = (Heads[list], reader.Objects.AliveAt(Heads));
        if (!head.Exists || !(head.NextExpiry <= at) || BucketRestore.IsUnfinished(Heads))
        {
            return 0;
        }

        if (list.Role == ListRole.Uploads)
        {
            draft.Records.EndUpload(list);
            return (int)head.Count;
        }

        // One more than is removed, to find out when the next one expires.
        var uncommitted = draft.Overlay.RowsOf(head.Key);
        var due = new List<StoredRecord>(uncommitted?.Values.Where(static row => row is { IsTombstone: false, Expiry: not null }) ?? []);
        if (Heads.Row != 0 && start[list].Key == head.Key)
        {
            var query = ListReader.Beneath(
                new ListQuery { ExpiringFirst = true, Deleted = false, Projection = Projection.Metadata, Limit = limit + 1 }, uncommitted);
            due.AddRange((await store.ScanAsync(new RecordScan(Heads.Key, head.Key, query, limit + 1, long.MaxValue), cancellationToken)).Records);
        }

        due.Sort(static (a, b) => RecordOrder.Compare(ListOrder.ExpiringFirst, a, b));
        var expired = due.TakeWhile(row => row.Expiry <= at).Take(limit).ToList();
        draft.Records.Expire(list, expired, due.Count > expired.Count ? due[expired.Count].Expiry : null);
        return expired.Count;
    }
}
