using System.Collections.Immutable;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Recreates a bucket with all its content as it was elsewhere: the same stamps, tombstones and permissions. Invariants:
/// <list type="number">
/// <item>Until everything is stored, nobody owns the bucket and nobody has a right in it. Its author is a mark that equals no principal. The mark also lets an interrupted run be resumed.</item>
/// <item>A bucket that has an owner, or that an earlier run has completed, is left alone.</item>
/// <item>After each commit, counts, bytes and the index of principals match the rows. The clock is no lower than any stamp, so that later writes are newer than anything that devices have seen.</item>
/// <item>If another process writes to the bucket, the import writes nothing more. The version is the fence, as it is for owners.</item>
/// </list>
/// The rows of each list come in the order of their ids, so the last one shows how far an earlier run has come.
/// </summary>
public sealed class BucketRestore
{
    // All principals have a colon, except groups, everyone and authenticated users.
    internal const string Mark = "importing";

    private const int RowsAtOnce = 2_000;
    private const int BytesAtOnce = 4 << 20;
    private const int DigestedAtOnce = 5_000;

    private readonly IBucketStore store;
    private readonly TimeProvider time;
    private readonly Action<int>? onStored;
    private readonly HashSet<ListRef> changed = [];
    private BucketHeads heads;
    private List<KeyValuePair<int, StoredRecord>> rows = [];
    private Dictionary<GrantKey, ServerTimestamp?> grants = [];
    private ServerTimestamp latest;
    private long bytes;

    private BucketRestore(IBucketStore store, BucketHeads heads, TimeProvider time, Action<int>? onStored) =>
        (this.store, this.heads, this.time, this.onStored, IsResumed) = (store, heads, time, onStored, heads.Exists);

    /// <summary>Whether an earlier run has stored a part of the bucket.</summary>
    public bool IsResumed { get; }

    /// <summary>Whether a part is stored, by this run or an earlier one.</summary>
    public bool IsBegun => heads.Exists;

    /// <summary>Whether a run has stored a part of a bucket that no run has completed.</summary>
    public static bool IsUnfinished(BucketHeads heads) => heads is { Exists: true, Author: Mark };

    /// <param name="store">The store that receives the bucket.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onStored">Called with the number of rows of each commit; null for none.</param>
    /// <param name="cancellationToken">Stops the import.</param>
    /// <returns>Null if the bucket exists already.</returns>
    /// <exception cref="StoreUnavailableException">The store cannot be read.</exception>
    public static async Task<BucketRestore?> BeginAsync(IBucketStore store, BucketId bucket, TimeProvider time, Action<int>? onStored, CancellationToken cancellationToken)
    {
        var found = await store.LoadAsync(bucket, claim: false, cancellationToken) ?? BucketHeads.Unwritten(bucket);
        return found.Exists && !IsUnfinished(found) ? null : new BucketRestore(store, found, time, onStored);
    }

    /// <summary>The greatest id that an earlier run has stored in a list; null for none.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read.</exception>
    public async Task<string?> LastAsync(ListRef list, CancellationToken cancellationToken)
    {
        if (!heads[list].Exists)
        {
            return null;
        }

        var query = new ListQuery { After = ServerTimestamp.Zero, Sort = [new SortField("id", Descending: true)], Projection = Projection.Metadata, Limit = 1 };
        var found = await store.ScanAsync(new RecordScan(heads.Key, heads[list].Key, query, 1, long.MaxValue), cancellationToken);
        return found.Records.Count == 0 ? null : found.Records[0].Id;
    }

    /// <summary>Adds a row to a list. <see cref="EndAsync"/> stores it at the latest.</summary>
    /// <param name="list">Collections, groups, or the records of a collection that has been added.</param>
    /// <param name="row">With a stamp above zero; its own permissions are ignored.</param>
    /// <param name="access">Its permissions, and for a group its members; null for its bucket's author alone.</param>
    /// <exception cref="StoreUnavailableException">Nothing was written, or it is not known. The import can be resumed.</exception>
    public async Task AddAsync(ListRef list, StoredRecord row, AccessList? access)
    {
        if (list.Role == ListRole.Groups && access is not null)
        {
            // An object that named a group of a former bucket with this name did not mean this one.
            access = access.WithMembers(access.Members, heads.Base);
        }

        Put(list, row with { Acl = access?.ToBytes() });
        if (access is not null)
        {
            Index(list, row.Id, access, row.Modified);
        }

        if (list.Role == ListRole.Collections)
        {
            var records = ListRef.RecordsOf(row.Id);
            if (row.IsTombstone)
            {
                // Readers of the earlier records learn that these are gone once the collection exists again.
                Set(heads[records] with { RowsModified = row.Modified, Touched = row.Modified, Horizon = row.Modified });
            }
            else
            {
                Ensure(records);
                Set(heads[records] with { Acl = access });
            }
        }

        if (rows.Count >= RowsAtOnce || bytes >= BytesAtOnce)
        {
            await FlushAsync();
        }
    }

    /// <summary>Makes a list answer at least this stamp, whatever its rows have.</summary>
    public void SetStamp(ListRef list, ServerTimestamp stamp)
    {
        Ensure(list);
        var head = heads[list];
        Set(head with { RowsModified = ServerTimestamp.Max(head.RowsModified, stamp), Touched = ServerTimestamp.Max(head.Touched, stamp) });
        latest = ServerTimestamp.Max(latest, stamp);
    }

    /// <summary>Stores the added rows. The bucket still has no owner.</summary>
    /// <exception cref="StoreUnavailableException">As <see cref="AddAsync"/>.</exception>
    public Task FlushAsync()
    {
        heads = heads with { Exists = true, Author = Mark, AuthorNumber = null };
        return CommitAsync([]);
    }

    /// <summary>Stores the rest with the bucket's own object, and gives the bucket to its author.</summary>
    /// <param name="self">The bucket's data and stamp.</param>
    /// <param name="author">The author; null for none, so that only its permissions count.</param>
    /// <param name="access">Its permissions, without the author's, and the groups of other buckets that anything in it names; null for none.</param>
    /// <exception cref="StoreUnavailableException">As <see cref="AddAsync"/>.</exception>
    public Task EndAsync(StoredRecord self, PrincipalSet? author, AccessList? access)
    {
        var said = access is null or { NamesNobody: true } ? null : access.OnlyPermissions();
        Put(ListRef.Self, self with { Id = ObjectRef.Bucket.Id, Acl = said?.ToBytes() });
        Set(heads[ListRef.Self] with { Acl = access is null or { NamesNobody: true, ForeignGroups.Count: 0 } ? null : access });
        if (said is not null)
        {
            Index(ListRef.Self, ObjectRef.Bucket.Id, said, self.Modified);
        }

        var number = author?.Account.Number is not 0 and { } known ? known : default(long?);
        heads = heads with { Exists = true, Author = author?.User, AuthorNumber = number };
        return CommitAsync(number is { } account ? [account] : []);
    }

    /// <summary>Removes everything that was stored but not completed, as if it had never been there. Stamps of devices stay valid.</summary>
    /// <exception cref="StoreUnavailableException">As <see cref="AddAsync"/>.</exception>
    public async Task RemoveAsync()
    {
        if (heads.Author != Mark)
        {
            throw new InvalidOperationException("It is somebody's.");
        }

        var next = heads with
        {
            Version = heads.Version + 1,
            Clock = BucketClock.Next(heads.Rules, ServerTimestamp.Now(time), heads.Clock),
            Exists = false,
            Author = null,
            Lists = ImmutableDictionary<ListRef, ListHead>.Empty,
        };
        int[] keys = [.. heads.Lists.Values.Where(static list => list.Exists).Select(static list => list.Key), 0];
        var commit = new BucketCommit(next, Guid.NewGuid(), [], [.. heads.Lists.Keys], keys, []);
        heads = ImportedHeads.After(commit, await store.CommitAsync(commit));
    }

    /// <summary>The digest of a list, read from the store.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read.</exception>
    public async Task<ListDigest> DigestAsync(ListRef list, CancellationToken cancellationToken)
    {
        var digest = default(ListDigest);
        if (!heads[list].Exists)
        {
            return digest;
        }

        // In an order that the stores have an index for.
        var query = new ListQuery { After = ServerTimestamp.Zero, Sort = [new SortField("last_modified", Descending: false)], Projection = Projection.Metadata, Limit = DigestedAtOnce };
        while (true)
        {
            var page = await store.ScanAsync(new RecordScan(heads.Key, heads[list].Key, query, DigestedAtOnce, long.MaxValue), cancellationToken);
            foreach (var row in page.Records)
            {
                digest = digest.With(row.Id, row.Modified, row.IsTombstone);
            }

            if (!page.More || page.Records.Count == 0)
            {
                return digest;
            }

            var last = page.Records[^1];
            query = query with { Cursor = new PageCursor(last.Modified, last.Id, PageCursor.Unbounded) };
        }
    }

    private void Put(ListRef list, StoredRecord row)
    {
        Ensure(list);
        var head = heads[list];
        rows.Add(KeyValuePair.Create(head.Key, row));
        bytes += row.Size;
        latest = ServerTimestamp.Max(latest, row.Modified);
        Set(head with
        {
            RowsModified = ServerTimestamp.Max(head.RowsModified, row.Modified),
            Touched = ServerTimestamp.Max(head.Touched, row.Modified),
            Count = head.Count + (row.IsTombstone ? 0 : 1),
            Bytes = head.Bytes + row.Length,
        });
    }

    private void Index(ListRef list, string id, AccessList access, ServerTimestamp stamp)
    {
        var key = heads[list].Key;
        var named = access.Indexed();
        var relation = GrantIndex.RelationOf(list.Role, named.Count);
        foreach (var principal in named)
        {
            grants[new GrantKey(key, relation, principal, id)] = relation == GrantRelation.Named ? stamp : ServerTimestamp.Zero;
        }

        foreach (var member in access.Members ?? [])
        {
            grants[new GrantKey(key, GrantRelation.Member, member, id)] = access.Since;
        }
    }

    private void Ensure(ListRef list)
    {
        if (!heads[list].Exists)
        {
            Set(heads[list] with { Key = heads.NextKey });
            heads = heads with { NextKey = heads.NextKey + 1 };
        }
    }

    private void Set(ListHead head)
    {
        heads = heads with { Lists = heads.Lists.SetItem(head.List, head) };
        changed.Add(head.List);
    }

    private async Task CommitAsync(IReadOnlyList<long> accounts)
    {
        var next = heads with
        {
            Version = heads.Version + 1,
            Clock = ServerTimestamp.Max(BucketClock.Next(heads.Rules, ServerTimestamp.Now(time), heads.Clock), latest),
        };
        var commit = new BucketCommit(next, Guid.NewGuid(), [.. changed.Select(list => next.Lists[list])], [], [], rows) { Grants = [.. grants], Accounts = accounts };
        heads = ImportedHeads.After(commit, await store.CommitAsync(commit));
        var stored = rows.Count;
        changed.Clear();
        (rows, grants, bytes) = ([], [], 0);
        onStored?.Invoke(stored);
    }
}
