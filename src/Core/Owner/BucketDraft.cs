using System.Collections.Immutable;
using Lockstep.Core.Buckets;
using Lockstep.Core.History;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// The uncommitted changes of one turn to a bucket. Invariants:
/// <list type="number">
/// <item>Each changed object gets its own stamp or its request's stamp, as the bucket's kind says. It is greater than all earlier stamps of
/// the bucket.</item>
/// <item>A list's <see cref="ListHead.RowsModified"/> moves only when a row changes that readers of the list can see.</item>
/// <item>Counts and bytes match the rows. The caller of each change says which row it replaces.</item>
/// </list>
/// It keeps heads, rows and stamps, and changes objects. The consequences for permissions, indexes and records of other kinds of buckets are in <c>Drafts</c>, and so is the commit.
/// </summary>
internal sealed class BucketDraft
{
    private readonly DraftCommit commit;
    private readonly BucketHeads start;
    private readonly AccessRule rule;
    private readonly TimeProvider time;
    private BucketHeads heads;

    // Null while no index has changed.
    private DraftIndexes? fieldIndexes;

    // The stamp of the current request, if all its changes share one; null before its first change.
    private ServerTimestamp? requestStamp;

    /// <param name="start">The bucket as it was.</param>
    /// <param name="rule">Decides who may do what.</param>
    /// <param name="time">The clock.</param>
    /// <param name="form">How history entries look; null if no history is kept.</param>
    public BucketDraft(BucketHeads start, AccessRule rule, TimeProvider time, IHistoryForm? form = null)
    {
        (this.start, this.rule, this.time, heads) = (start, rule, time, start);
        Overlay = new Overlay { Start = start };
        commit = new DraftCommit(start, Overlay);
        History = form is null ? null : new DraftHistory(form, this);
    }

    /// <summary>The history of the changes; null if none is kept.</summary>
    public DraftHistory? History { get; }

    /// <summary>The bucket with the changes, at the version that was read.</summary>
    public BucketHeads Heads => heads;

    /// <summary>Changed rows.</summary>
    public Overlay Overlay { get; }

    /// <summary>Permissions of objects.</summary>
    public DraftAccess Access => field ??= new DraftAccess(this, rule);

    /// <summary>Indexes on fields.</summary>
    public DraftIndexes Indexes => fieldIndexes ??= new DraftIndexes(this);

    /// <summary>Files of records.</summary>
    public DraftFiles Files => field ??= new DraftFiles(this);

    /// <summary>Records of buckets without objects of their own.</summary>
    public DraftRecords Records => field ??= new DraftRecords(this);

    /// <summary>How much more, or less, the bucket holds than at the start.</summary>
    public QuotaAmount Growth { get; private set; }

    /// <summary>What a bucket holds: the bytes of all that clients have stored, and the number of records.</summary>
    public static QuotaAmount AmountOf(BucketHeads heads) =>
        heads.Lists.Values.Aggregate(default(QuotaAmount), static (sum, head) => sum + AmountOf(head));

    private static QuotaAmount AmountOf(ListHead head) => head.List.Role is ListRole.Uploads || head.List.IsOfHistory
        ? default
        : new QuotaAmount(head.Bytes, head.List.Role == ListRole.Records ? head.Count : 0);

    public bool HasChanges => heads.Clock != start.Clock;

    /// <summary>Starts the next request.</summary>
    public void BeginRequest() => requestStamp = null;

    public BucketCommit ToCommit(Guid nonce) => commit.Build(heads, History, fieldIndexes?.BuiltKeys ?? [], nonce);

    /// <summary>Creates or replaces an object. Creates its parents where that is allowed.</summary>
    /// <param name="target">The object.</param>
    /// <param name="body">Its data.</param>
    /// <param name="hint">The stamp that the client proposes.</param>
    /// <param name="previous">The row before, which may be a tombstone; only the length of its body matters.</param>
    /// <param name="caller">The author of new objects.</param>
    /// <param name="access">The object's new permissions; null to keep them, or to leave a new object to its bucket's author alone.</param>
    public RecordWritten Write(
        ObjectRef target, ReadOnlyMemory<byte> body, ServerTimestamp? hint, StoredRecord? previous, Caller caller, AccessUpdate? access = null)
    {
        CreateParents(target, caller);
        string? former = null;
        if (target.List.Role == ListRole.Self && !heads.Exists)
        {
            heads = heads with
            {
                Exists = true,
                Author = access is { HasAuthor: false } ? null : caller.Principals.User,
                AuthorNumber = access is { HasAuthor: false } ? null : NumberOf(caller),
            };
        }
        else if (access is { Author: { } author })
        {
            former = AccessRule.AuthorOf(heads);
            heads = heads with { Author = author.Principals.User, AuthorNumber = NumberOf(author) };
        }

        EnsureList(target.List);
        if (target.List.Role == ListRole.Collections)
        {
            EnsureList(ListRef.RecordsOf(target.Id));
        }

        var live = previous is { IsTombstone: false };
        if (target.List.Role is ListRole.Self or ListRole.Collections)
        {
            History?.Say(target, body);
        }

        if (target.List.Role == ListRole.Collections && !live)
        {
            History?.Begin(target.Id);
        }

        var record = new StoredRecord
        {
            Id = target.Id,
            Modified = NextStamp(hint, ofGroups: target.List.Role == ListRole.Groups),
            Body = body,
            Author = live ? previous!.Author : caller.Principals.User,
            Acl = access is null ? (live ? previous!.Acl : null) : Kept(target.List.Role, access.Acl)?.ToBytes(),
        };
        History?.Keep(target, record.Modified, previous);
        Put(target.List, record, previous, record.Modified);
        if (access is not null || (!live && previous?.Acl is not null))
        {
            Access.SetAccess(target, AccessList.Read(previous?.Acl), access?.Acl, live, record.Modified);
            Access.Change(0, former is null ? [] : [former], record.Modified);
        }
        else if (AccessList.Read(record.Acl) is { } kept)
        {
            Access.Name(target, kept, kept, record.Modified);
        }

        History?.Tell(target, live ? HistoryAction.Update : HistoryAction.Create, record);
        return new RecordWritten(record, Created: !live);
    }

    /// <summary>Records which groups of other buckets are named, before the write that names them.</summary>
    public void Name(IEnumerable<string> groups)
    {
        if (heads.Exists)
        {
            var self = heads[ListRef.Self];
            SetList(self with { Acl = (self.Acl ?? AccessList.Empty).WithForeignGroups(groups) });
        }
    }

    /// <summary>The stamp of the next write, or an earlier one that no write has.</summary>
    public ServerTimestamp Upcoming => requestStamp ?? BucketClock.Next(heads.Rules, ServerTimestamp.Now(time), heads.Clock);

    private static long? NumberOf(Caller caller) => caller.Principals.Account.Number is not 0 and var number ? number : null;

    /// <summary>The permissions that are stored in an object's row. For a bucket, those that only the owner needs are left out.</summary>
    private static AccessList? Kept(ListRole role, AccessList? access) =>
        role != ListRole.Self ? access : access is null or { NamesNobody: true } ? null : access.OnlyPermissions();

    /// <summary>Creates a default bucket and its collections with the first write to them.</summary>
    private void CreateParents(ObjectRef target, Caller caller)
    {
        if (target.List.Role != ListRole.Self && !heads.Exists)
        {
            Write(ObjectRef.Bucket, RecordData.EmptyObject, hint: null, previous: null, caller);
        }

        if (target.List.Role == ListRole.Records && !heads[target.List].Exists)
        {
            Write(ObjectRef.Collection(target.List.Name), RecordData.EmptyObject, hint: null, previous: null, caller);
        }
    }

    /// <summary>Removes an existing object. With a collection or a bucket goes all that it holds.</summary>
    /// <returns>The tombstone.</returns>
    public StoredRecord Remove(ObjectRef target, ServerTimestamp? hint, StoredRecord live)
    {
        // A reader who could see the object sees that it is gone.
        var named = AccessList.Read(live.Acl);
        var tombstone = StoredRecord.Tombstone(target.Id, NextStamp(hint, ofGroups: target.List.Role is ListRole.Groups or ListRole.Self), live.Author) with
        {
            Acl = heads.Rules.Tombstones && named is not null ? named.WithMembers(null, named.Since).ToBytes() : default(ReadOnlyMemory<byte>?),
        };
        switch (target.List.Role)
        {
            case ListRole.Self:
                if (heads[ListRef.Groups].Exists)
                {
                    // Members of its groups could read other buckets.
                    Overlay.Grants[new GrantKey(0, GrantRelation.Changed, PrincipalText.Everyone, ForeignHorizon.IdOf(tombstone.Modified, rule.Options))] = tombstone.Modified;
                }

                // Other rows about changed standing in this bucket have no readers any more.
                commit.RemoveBucket();

                foreach (var list in heads.Lists.Values)
                {
                    commit.Orphan(list);
                    commit.Remove(list.List);
                }

                Growth -= AmountOf(heads);
                heads = heads with
                {
                    Exists = false,
                    AuthorNumber = null,
                    HasIndexes = false,
                    HasUnbuiltIndexes = false,
                    Base = tombstone.Modified,
                    Lists = ImmutableDictionary<ListRef, ListHead>.Empty,
                };
                break;
            case ListRole.Collections:
                Put(target.List, tombstone, live, tombstone.Modified);
                if (named is not null)
                {
                    Access.Name(target, named, named, tombstone.Modified);
                }

                var records = heads[ListRef.RecordsOf(target.Id)];
                commit.Orphan(records);
                SetList(records with
                {
                    Key = 0,
                    Acl = null,
                    RowsModified = tombstone.Modified,
                    Touched = tombstone.Modified,
                    Horizon = tombstone.Modified,
                    Count = 0,
                    Bytes = 0,
                    NextExpiry = null,
                    Indexes = [],
                });
                heads = heads.HasIndexes ? heads.WithIndexState() : heads;
                foreach (var upload in Records.UploadsTo(target.Id))
                {
                    Records.EndUpload(upload.List);
                }

                EndList(ListRef.FilesOf(target.Id));
                History?.Tell(target, HistoryAction.Delete, tombstone);
                History?.End(target.Id);
                EndList(ListRef.HistoryOn(target.Id));
                EndList(ListRef.HistoryOff(target.Id));
                break;
            default:
                History?.Keep(target, tombstone.Modified, live);
                Put(target.List, tombstone, live, tombstone.Modified);
                if (named?.Members is not null)
                {
                    Access.SetAccess(target, named, AccessList.Read(tombstone.Acl), wasLive: true, tombstone.Modified);
                }
                else if (named is not null && tombstone.Acl is not null)
                {
                    Access.Name(target, named, named, tombstone.Modified);
                }

                History?.Tell(target, HistoryAction.Delete, tombstone);
                break;
        }

        return tombstone;
    }

    /// <summary>Removes tombstones for good. Readers see no change, but history now begins later.</summary>
    /// <param name="head">Their list, in its current state.</param>
    /// <param name="tombstones">The oldest tombstones of the list, in the order of their stamps; at least one.</param>
    public void Purge(ListHead head, IReadOnlyList<StoredRecord> tombstones)
    {
        foreach (var tombstone in tombstones)
        {
            commit.Purge(new RecordKey(head.Key, tombstone.Id));
            Access.Unname(new ObjectRef(head.List, tombstone.Id), tombstone);
        }

        // A commit needs a stamp; no row gets this one.
        NextStamp(hint: null);
        SetList(head with { Horizon = ServerTimestamp.Max(head.Horizon, tombstones[^1].Modified) });
    }

    /// <summary>Adds a row to the bucket's history.</summary>
    public void AddEntry(StoredRecord entry)
    {
        EnsureList(ListRef.History);
        Put(ListRef.History, entry, previous: null, entry.Modified);
        if (AccessList.Read(entry.Acl) is { } readers)
        {
            Access.Name(new ObjectRef(ListRef.History, entry.Id), before: null, readers, entry.Modified);
        }
    }

    /// <summary>Removes a list if it exists; its rows are removed later.</summary>
    public void EndList(ListRef list)
    {
        if (heads.Lists.TryGetValue(list, out var head))
        {
            Growth -= AmountOf(head);
            commit.Orphan(head);
            commit.Remove(list);
            heads = heads with { Lists = heads.Lists.Remove(list) };
        }
    }

    /// <summary>Moves the stamp of a collection's records, and creates the list if there is none.</summary>
    public ServerTimestamp Touch(ListRef list, Caller caller)
    {
        CreateParents(new ObjectRef(list, ""), caller);
        EnsureList(list);
        var stamp = NextStamp(hint: null);
        SetList(heads[list] with { Touched = stamp });
        return stamp;
    }

    /// <summary>
    /// Stores a record as it was elsewhere, with its original stamp. The bucket must have had no readers yet, and the id must not be in use.
    /// </summary>
    /// <param name="list">The list; created if it does not exist.</param>
    /// <param name="record">The record.</param>
    /// <param name="caller">The author of new objects.</param>
    public void Restore(ListRef list, StoredRecord record, Caller caller)
    {
        CreateParents(new ObjectRef(list, record.Id), caller);
        EnsureList(list);

        // A commit needs a stamp; no row of the list gets this one.
        NextStamp(hint: null);
        var head = heads[list];
        if (head.Count == 0)
        {
            // No reader knows of an earlier deletion.
            SetList(head with { RowsModified = ServerTimestamp.Zero, Touched = ServerTimestamp.Zero, Horizon = ServerTimestamp.Zero });
        }

        Put(list, record, previous: null, ServerTimestamp.Max(heads[list].Touched, record.Modified));
    }

    /// <summary>Makes a list answer at least a stamp, as it did elsewhere. The bucket must have had no readers yet.</summary>
    /// <param name="list">The list; created if it does not exist.</param>
    /// <param name="stamp">Its stamp.</param>
    /// <param name="caller">The author of new objects.</param>
    public void Restore(ListRef list, ServerTimestamp stamp, Caller caller)
    {
        CreateParents(new ObjectRef(list, ""), caller);
        EnsureList(list);
        NextStamp(hint: null);
        var head = heads[list];
        var least = head.Count == 0 ? stamp : ServerTimestamp.Max(head.Touched, stamp);
        SetList(head with { RowsModified = least, Touched = least, Horizon = head.Count == 0 ? ServerTimestamp.Zero : head.Horizon });
    }

    /// <summary>Replaces the state of a list's indexes.</summary>
    public void SetIndexes(ListRef list, IReadOnlyList<FieldIndex> indexes)
    {
        SetList(heads[list] with { Indexes = indexes });
        heads = heads.WithIndexState();
    }

    /// <summary>Writes a row and counts it in its list.</summary>
    /// <param name="list">The list, which must exist.</param>
    /// <param name="record">The row.</param>
    /// <param name="previous">The row that it replaces; null for none.</param>
    /// <param name="stamp">When the list was touched.</param>
    public void Put(ListRef list, StoredRecord record, StoredRecord? previous, ServerTimestamp stamp)
    {
        var head = heads[list];
        Overlay.Set(head.Key, record);
        var wasLive = previous is { IsTombstone: false };
        SetList(head, head with
        {
            RowsModified = ServerTimestamp.Max(head.RowsModified, record.Modified),
            Touched = stamp,
            NextExpiry = record.Expiry is { } expiry && !(head.NextExpiry <= expiry) ? expiry : head.NextExpiry,
            Count = head.Count + (record.IsTombstone ? 0 : 1) - (wasLive ? 1 : 0),
            Bytes = head.Bytes + record.Length - (wasLive ? previous!.Length : 0),
        });
    }

    /// <summary>Creates a list if it does not exist.</summary>
    public void EnsureList(ListRef list)
    {
        var head = heads[list];
        if (!head.Exists)
        {
            // The stamp stays what the absent list answered: an empty new list shows its readers nothing new.
            SetList(head with { Key = TakeKey() });
        }
    }

    /// <summary>Takes a number for a new list or index. A bucket uses each number once.</summary>
    public int TakeKey()
    {
        heads = heads with { NextKey = heads.NextKey + 1 };
        return heads.NextKey - 1;
    }

    /// <summary>Keeps later writes above this stamp.</summary>
    public void Pass(ServerTimestamp stamp) => heads = heads with { Clock = ServerTimestamp.Max(heads.Clock, stamp) };

    /// <summary>Replaces the head of a list.</summary>
    public void SetList(ListHead head) => SetList(heads[head.List], head);

    private void SetList(ListHead former, ListHead head)
    {
        Growth += AmountOf(head) - AmountOf(former);
        heads = heads with { Lists = heads.Lists.SetItem(head.List, head) };
        commit.Change(head.List);
    }

    /// <summary>Issues the stamp of the change that is about to be made.</summary>
    /// <param name="hint">The stamp that the client proposes.</param>
    /// <param name="ofGroups">Whether other buckets compare this stamp with their clocks. A proposal in the past is then refused, as it is in a bucket that compares with others.</param>
    public ServerTimestamp NextStamp(ServerTimestamp? hint, bool ofGroups = false)
    {
        if (requestStamp is { } given)
        {
            return given;
        }

        var now = ServerTimestamp.Now(time);
        var countsOthers = rule.CountsOthers(heads);
        var stamp = hint is { } wish && BucketClock.Accepts(heads.Rules, wish, now, heads.Clock) && (wish >= now || !(ofGroups || countsOthers))
            ? wish
            : BucketClock.Next(heads.Rules, now, heads.Clock);
        if (countsOthers && ForeignHorizon.IsLead(stamp, now, rule.Options) && heads[ListRef.Self] is { Exists: true } self)
        {
            SetList(self with { Horizon = ServerTimestamp.Max(self.Horizon, stamp) });
        }

        heads = heads with { Clock = stamp };
        requestStamp = heads.Rules.Stamping == Stamping.PerRequest ? stamp : null;
        return stamp;
    }
}
