using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Removes deleted groups from the permissions of the bucket's objects, as many as one turn has room for. The remaining names admit nobody: they
/// mean groups from before the deletion.
/// </summary>
/// <param name="start">The bucket before the turn.</param>
/// <param name="draft">The turn's changes.</param>
/// <param name="rows">The rows of the turn.</param>
/// <param name="store">The store with the index of principals.</param>
/// <param name="options">Limits.</param>
/// <param name="memory">The memory of the turn.</param>
internal sealed class GroupTidying(BucketHeads start, BucketDraft draft, TurnRows rows, IBucketStore store, BucketOptions options, TurnMemory memory)
{
    // The number of objects from which a deleted group is removed in the same turn.
    private const int MaxTidied = 100;

    private BucketHeads Heads => draft.Heads;

    /// <param name="gone">Ids of groups that the turn has deleted.</param>
    /// <param name="caller">The caller who is charged for what is read.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async ValueTask RunAsync(IReadOnlyList<string> gone, Caller caller, CancellationToken cancellationToken)
    {
        if (gone.Count == 0 || Heads.Row == 0)
        {
            return;
        }

        // :: Step 1: which objects name them.
        var groups = gone.Select(id => PrincipalText.GroupOf(Heads.Id.Name, id)).ToHashSet(StringComparer.Ordinal);
        var keys = new HashSet<RecordKey>();
        foreach (var relation in new[] { GrantRelation.NamedByBucket, GrantRelation.Named, GrantRelation.NamedWidely })
        {
            var named = await store.ReadGrantsAsync(new GrantScan([Heads.Id], relation, groups, MaxTidied), cancellationToken);
            keys.UnionWith(named.Where(grant => !draft.Overlay.Grants.ContainsKey(grant.Key)).Select(static grant => new RecordKey(grant.Key.List, grant.Key.Id)));
            keys.UnionWith(groups.SelectMany(group => draft.Overlay.Grants.Of(relation, group)).Where(static grant => grant.Value is not null)
                .Select(static grant => new RecordKey(grant.Key.List, grant.Key.Id)));
        }

        // :: Step 2: the rows of these objects, as far as there is room.
        var lists = Heads.Lists.Values.Where(static head => head.Exists).ToDictionary(static head => head.Key, static head => head.List);
        var found = keys.Where(key => lists.ContainsKey(key.List)).Take(MaxTidied).ToList();
        var unread = found.FindAll(key => !draft.Overlay.TryGet(key.List, key.Id, out _));
        var unknown = unread.FindAll(key => !rows.Loaded.ContainsKey(key));
        rows.Load(unknown.Count == 0 ? TurnRows.None : await store.ReadAsync(start.Key, unknown, Projection.Outline, cancellationToken));
        var wanted = unread.FindAll(key => rows.Loaded.GetValueOrDefault(key) is { IsTombstone: false, UnreadLength: not null } row && memory.Bytes < options.MaxTurnBytes && TryHold(row));
        rows.Load(wanted.Count == 0 ? TurnRows.None : await store.ReadAsync(start.Key, wanted, Projection.Whole, cancellationToken));

        // :: Step 3: their permissions.
        foreach (var key in found)
        {
            if ((draft.Overlay.TryGet(key.List, key.Id, out var row) || rows.Loaded.TryGetValue(key, out row)) && row is { IsTombstone: false, UnreadLength: null, UnreadAclLength: null })
            {
                draft.Access.Forget(new ObjectRef(lists[key.List], key.Id), row, groups);
            }
        }

        bool TryHold(StoredRecord row)
        {
            memory.Count(row.Size);
            return memory.TryHold(TurnMemory.UserOf(caller), row.Size);
        }
    }
}
