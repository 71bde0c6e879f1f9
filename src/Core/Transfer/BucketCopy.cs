using System.Collections.Immutable;
using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Transfer;

/// <summary>
/// Writes a bucket exactly as it was elsewhere: all of its lists' stamps, its clock, its tombstones. Invariants:
/// <list type="number">
/// <item>Until everything is stored, nobody owns the bucket and nobody has a right in it: its author is a mark that equals no principal.</item>
/// <item>A bucket that exists is left alone. What an earlier run has begun and not completed is removed first.</item>
/// <item>If another process writes to the bucket, nothing more is written. The version is the fence, as it is for owners.</item>
/// </list>
/// </summary>
public sealed class BucketCopy
{
    private const int RowsAtOnce = 2_000;
    private const int BytesAtOnce = 4 << 20;

    private readonly IBucketStore store;
    private readonly HashSet<ListRef> changed = [];
    private List<KeyValuePair<int, StoredRecord>> rows = [];
    private Dictionary<GrantKey, ServerTimestamp?> grants = [];
    private List<FieldIndexChange> indexes = [];
    private BucketHeads heads;
    private long bytes;

    private BucketCopy(IBucketStore store, BucketHeads heads) => (this.store, this.heads) = (store, heads);

    /// <param name="store">The store that receives the bucket.</param>
    /// <param name="found">The bucket as it is in the store.</param>
    /// <returns>Null if the bucket exists already.</returns>
    /// <exception cref="StoreUnavailableException">The store failed. It can be begun again.</exception>
    public static async Task<BucketCopy?> BeginAsync(IBucketStore store, BucketHeads found)
    {
        if (found.Exists && !BucketRestore.IsUnfinished(found))
        {
            return null;
        }

        var copy = new BucketCopy(store, found);
        if (found.Exists)
        {
            await copy.RemoveAsync();
        }

        return copy;
    }

    /// <summary>Adds a list as it was. Its key counts only as whether the list exists.</summary>
    public void Add(ListHead head)
    {
        var key = head.Exists ? heads.NextKey : 0;
        heads = heads with { NextKey = heads.NextKey + (head.Exists ? 1 : 0) };
        foreach (var index in head.Indexes)
        {
            // The servers build it again.
            indexes.Add(new FieldIndexChange(key, new FieldIndex(heads.NextKey, index.Path), head.Touched));
            heads = heads with { NextKey = heads.NextKey + 1 };
        }

        heads = heads with { Lists = heads.Lists.SetItem(head.List, head with { Key = key, Indexes = [] }) };
        changed.Add(head.List);
    }

    /// <summary>Adds a row to a list that was added and exists.</summary>
    /// <param name="list">The list.</param>
    /// <param name="row">The row, with its rights.</param>
    /// <exception cref="StoreUnavailableException">Nothing was written, or it is not known. It can be begun again.</exception>
    public async Task AddAsync(ListRef list, StoredRecord row)
    {
        rows.Add(KeyValuePair.Create(heads[list].Key, row));
        bytes += row.Size;
        // A deleted object goes on naming people until its tombstone goes: they are to learn of the deletion.
        if (AccessList.Read(row.Acl) is { } access)
        {
            Index(list, row, access);
        }

        if (rows.Count >= RowsAtOnce || bytes >= BytesAtOnce)
        {
            await FlushAsync();
        }
    }

    /// <summary>Stores the rows that were added. The bucket still has no owner.</summary>
    /// <exception cref="StoreUnavailableException">As <see cref="AddAsync"/>.</exception>
    public Task FlushAsync()
    {
        heads = heads with { Exists = true, Author = BucketRestore.Mark, AuthorNumber = null };
        return CommitAsync(heads.Clock.Plus(1), account: null, []);
    }

    /// <summary>Adds that a principal's standing changed; see <see cref="GrantRelation.Changed"/>.</summary>
    /// <param name="list">The list that it changed in; null for the whole bucket.</param>
    /// <param name="principal">In the stored form.</param>
    /// <param name="id">Distinguishes changes.</param>
    /// <param name="stamp">When.</param>
    public void AddChange(ListRef? list, string principal, string id, ServerTimestamp stamp) =>
        grants[new GrantKey(list is { } of ? heads[of].Key : 0, GrantRelation.Changed, principal, id)] = stamp;

    /// <summary>Stores the rest, and gives the bucket to its author.</summary>
    /// <param name="bucket">Clock, last deletion, author and whether it exists. The rest does not count.</param>
    /// <exception cref="StoreUnavailableException">As <see cref="AddAsync"/>.</exception>
    public Task EndAsync(BucketHeads bucket)
    {
        heads = heads with
        {
            Exists = bucket.Exists,
            Author = bucket.Author,
            AuthorNumber = bucket.AuthorNumber,
            Base = ServerTimestamp.Max(heads.Base, bucket.Base),
        };

        // Indexes last: a server that knew of them would build them, and so write to the bucket.
        return CommitAsync(ServerTimestamp.Max(bucket.Clock, heads.Clock.Plus(1)), bucket.AuthorNumber, indexes);
    }

    /// <summary>Removes what was stored and not completed, as if it had never been there.</summary>
    /// <exception cref="StoreUnavailableException">As <see cref="AddAsync"/>.</exception>
    public async Task RemoveAsync()
    {
        if (!BucketRestore.IsUnfinished(heads))
        {
            return;
        }

        int[] keys = [.. heads.Lists.Values.Where(static list => list.Exists).Select(static list => list.Key), 0];
        var next = heads with
        {
            Version = heads.Version + 1,
            Clock = heads.Clock.Plus(1),
            Exists = false,
            Author = null,
            Lists = ImmutableDictionary<ListRef, ListHead>.Empty,
        };
        var commit = new BucketCommit(next, Guid.NewGuid(), [], [.. heads.Lists.Keys], keys, [])
        {
            Indexes = [.. heads.Lists.Values.SelectMany(static list => list.Indexes, static (list, index) => new FieldIndexChange(list.Key, index, null))],
        };
        heads = ImportedHeads.After(commit, await store.CommitAsync(commit));
        (rows, grants, indexes, bytes) = ([], [], [], 0);
        changed.Clear();
    }

    private void Index(ListRef list, StoredRecord row, AccessList access)
    {
        var key = heads[list].Key;
        var named = access.Indexed();
        var relation = GrantIndex.RelationOf(list.Role, named.Count);
        foreach (var principal in named)
        {
            grants[new GrantKey(key, relation, principal, row.Id)] = relation == GrantRelation.Named ? row.Modified : ServerTimestamp.Zero;
        }

        foreach (var member in access.Members ?? [])
        {
            grants[new GrantKey(key, GrantRelation.Member, member, row.Id)] = access.Since;
        }
    }

    private async Task CommitAsync(ServerTimestamp clock, long? account, List<FieldIndexChange> declared)
    {
        var next = heads with { Version = heads.Version + 1, Clock = clock };
        var commit = new BucketCommit(next, Guid.NewGuid(), [.. changed.Select(list => next.Lists[list])], [], [], rows)
        {
            Grants = [.. grants],
            Indexes = declared,
            Accounts = account is { } number ? [number] : [],
        };
        heads = ImportedHeads.After(commit, await store.CommitAsync(commit));
        (rows, grants, bytes) = ([], [], 0);
        changed.Clear();
    }
}
