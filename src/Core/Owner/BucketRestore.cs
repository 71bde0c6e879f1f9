using System.Collections.Immutable;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Makes a bucket, with all that lies in it, what it was elsewhere: with the stamps, tombstones and rights that it had. Invariants:
/// <list type="number">
/// <item>Until all is there the bucket is nobody's, and nobody has a right in it: its author is a mark that no principal is equal to. By that mark a run that was cut off is gone on with.</item>
/// <item>A bucket that somebody has, or that an earlier run has ended, is left alone.</item>
/// <item>After each commit counts, bytes and the index of principals are those of the rows, and the clock is no lower than any stamp: what devices have seen stays behind what is written next.</item>
/// <item>Where somebody else writes to the bucket, nothing more is written: the version is the fence, as it is for owners.</item>
/// </list>
/// Each list's rows come in the order of their ids, so that the last one says how far an earlier run has come.
/// </summary>
public sealed class BucketRestore
{
    // All principals but groups, everyone and whoever signed in have a colon.
    private const string Mark = "importing";

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

    /// <summary>Whether an earlier run has stored some of it.</summary>
    public bool IsResumed { get; }

    /// <summary>Whether some of it is stored, by this run or an earlier one.</summary>
    public bool IsBegun => heads.Exists;

    /// <summary>Whether a run has stored some of a bucket, and none has ended it yet.</summary>
    public static bool IsUnfinished(BucketHeads heads) => heads is { Exists: true, Author: Mark };

    /// <param name="store">Where it is to lie.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onStored">Hears how many rows each commit has stored; null for nobody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null where there is such a bucket already.</returns>
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

    /// <summary>Adds a row to a list. It is stored at the latest by <see cref="EndAsync"/>.</summary>
    /// <param name="list">Collections, groups, or the records of a collection that is there.</param>
    /// <param name="row">Above zero in its stamp; its own list of rights does not count.</param>
    /// <param name="access">What it says of rights, of a group also its members; null for its bucket's author's alone.</param>
    /// <exception cref="StoreUnavailableException">Nothing was written, or perhaps; it can be gone on with.</exception>
    public async Task AddAsync(ListRef list, StoredRecord row, AccessList? access)
    {
        if (list.Role == ListRole.Groups && access is not null)
        {
            // Whoever named a group of a bucket of this name that is gone did not mean this one.
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
                // Who has read the records of before is to learn that they are gone once there is such a collection again.
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

    /// <summary>Has a list answer at least this stamp, whatever its rows have.</summary>
    public void SetStamp(ListRef list, ServerTimestamp stamp)
    {
        Ensure(list);
        var head = heads[list];
        Set(head with { RowsModified = ServerTimestamp.Max(head.RowsModified, stamp), Touched = ServerTimestamp.Max(head.Touched, stamp) });
        latest = ServerTimestamp.Max(latest, stamp);
    }

    /// <summary>Stores what was added. The bucket stays nobody's.</summary>
    /// <exception cref="StoreUnavailableException">As <see cref="AddAsync"/>.</exception>
    public Task FlushAsync()
    {
        heads = heads with { Exists = true, Author = Mark, AuthorNumber = null };
        return CommitAsync([]);
    }

    /// <summary>Stores what is left, with the bucket's own object, and gives the bucket to whoever has it.</summary>
    /// <param name="self">The bucket's data and stamp.</param>
    /// <param name="author">Whose it is; null for nobody's, so that what it says of rights counts alone.</param>
    /// <param name="access">What it says of rights, without its author, and which groups of other buckets anything in it names; null for nothing.</param>
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

    /// <summary>Forgets all that was stored and not ended, as if it had never been there: stamps of devices stay good.</summary>
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
            Clock = BucketClock.Next(heads.Id.Kind, ServerTimestamp.Now(time), heads.Clock),
            Exists = false,
            Author = null,
            Lists = ImmutableDictionary<ListRef, ListHead>.Empty,
        };
        int[] keys = [.. heads.Lists.Values.Where(static list => list.Exists).Select(static list => list.Key), 0];
        var commit = new BucketCommit(next, Guid.NewGuid(), [], [.. heads.Lists.Keys], keys, []);
        heads = ImportedHeads.After(commit, await store.CommitAsync(commit));
    }

    /// <summary>What a list has: read, not remembered.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read.</exception>
    public async Task<ListDigest> DigestAsync(ListRef list, CancellationToken cancellationToken)
    {
        var digest = default(ListDigest);
        if (!heads[list].Exists)
        {
            return digest;
        }

        // In an order that stores have an index for.
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
        var relation = DraftAccess.RelationOf(list.Role, named.Count);
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
            Clock = ServerTimestamp.Max(BucketClock.Next(heads.Id.Kind, ServerTimestamp.Now(time), heads.Clock), latest),
        };
        var commit = new BucketCommit(next, Guid.NewGuid(), [.. changed.Select(list => next.Lists[list])], [], [], rows) { Grants = [.. grants], Accounts = accounts };
        heads = ImportedHeads.After(commit, await store.CommitAsync(commit));
        var stored = rows.Count;
        changed.Clear();
        (rows, grants, bytes) = ([], [], 0);
        onStored?.Invoke(stored);
    }
}
