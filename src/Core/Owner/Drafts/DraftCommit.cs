using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>Collects the lists, rows and keys that a turn changes or removes, and builds the commit from them.</summary>
/// <param name="start">The bucket before the turn.</param>
/// <param name="overlay">The changed rows.</param>
internal sealed class DraftCommit(BucketHeads start, Overlay overlay)
{
    private static readonly IReadOnlySet<ListRef> NoLists = new HashSet<ListRef>();

    private readonly HashSet<ListRef> changedLists = [];
    private readonly HashSet<ListRef> removedLists = [];
    private readonly HashSet<int> orphanedKeys = [];
    private readonly HashSet<RecordKey> purged = [];
    private bool removesBucket;

    /// <summary>The head of a list has changed.</summary>
    public void Change(ListRef list) => changedLists.Add(list);

    /// <summary>A list was removed. It may be created again in the same turn.</summary>
    public void Remove(ListRef list) => removedLists.Add(list);

    /// <summary>The bucket was removed. It may be created again in the same turn.</summary>
    public void RemoveBucket() => removesBucket = start.Row != 0;

    /// <summary>The rows under a list's key have no list any more; they are removed later.</summary>
    public void Orphan(ListHead list)
    {
        if (list.Exists)
        {
            overlay.Drop(list.Key);
            orphanedKeys.Add(list.Key);
        }
    }

    /// <summary>A tombstone was removed for good.</summary>
    public void Purge(RecordKey tombstone) => purged.Add(tombstone);

    /// <param name="heads">The bucket after the turn.</param>
    /// <param name="history">The history of the changes; null if none is kept.</param>
    /// <param name="builtKeys">Index rows that the turn has built.</param>
    /// <param name="nonce">Names the commit.</param>
    public BucketCommit Build(BucketHeads heads, DraftHistory? history, IReadOnlyList<FieldKeyChange> builtKeys, Guid nonce)
    {
        var commit = BuildRows(heads, history, nonce);
        if (!start.HasIndexes && !heads.HasIndexes)
        {
            return commit;
        }

        var (indexes, keys) = FieldIndexChanges.Of(start, heads, changedLists.Union(removedLists), overlay, builtKeys);
        return commit with { Indexes = indexes, FieldKeys = keys };
    }

    private BucketCommit BuildRows(BucketHeads heads, DraftHistory? history, Guid nonce)
    {
        var (lists, changedAcls) = (new List<ListHead>(changedLists.Count), default(HashSet<ListRef>));
        foreach (var list in changedLists)
        {
            if (!heads.Lists.TryGetValue(list, out var head))
            {
                continue;
            }

            lists.Add(head);
            if (start[list] is var before && (before.Key != head.Key || !Equals(before.Acl, head.Acl)))
            {
                (changedAcls ??= []).Add(list);
            }
        }

        return new BucketCommit(
            heads with { Version = heads.Version + 1 },
            nonce,
            lists,
            removedLists.Count == 0 ? [] : [.. removedLists.Where(list => !heads.Lists.ContainsKey(list))],
            removesBucket ? [.. orphanedKeys, 0] : [.. orphanedKeys],
            overlay.ToRows(heads.Rules.Tombstones))
        {
            // A record that was written again after it was purged stays.
            ChangedAcls = changedAcls ?? NoLists,
            PurgedRecords = purged.Count == 0 ? [] : [.. purged.Where(key => !overlay.TryGet(key.List, key.Id, out _))],
            Grants = overlay.Grants.Count == 0 ? [] : [.. overlay.Grants.Where(grant => !orphanedKeys.Contains(grant.Key.List))],
            RemovedRecords = history is { Trimmed.Count: > 0 } trims ? trims.Removed(orphanedKeys) : heads.Rules.Tombstones ? [] : overlay.Tombstones(),
            Copies = history is { Copies.Count: > 0 } copies ? [.. copies.Copies.Where(copy => !orphanedKeys.Contains(copy.To.List))] : [],
        };
    }
}
