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
/// The changes of one turn to a bucket, not committed yet. Invariants:
/// <list type="number">
/// <item>Each changed object gets its own stamp, or the one of its request, as the bucket's kind says; greater than all earlier stamps
/// of the bucket.</item>
/// <item>A list's <see cref="ListHead.RowsModified"/> moves only when a row changes that readers of the list can see.</item>
/// <item>Counts and bytes match the rows. The caller of each change says which row it replaces.</item>
/// </list>
/// It keeps heads, rows and stamps, and changes objects. What follows for rights, indexes and records of other kinds of buckets is in <c>Drafts</c>.
/// </summary>
internal sealed class BucketDraft
{
    private static readonly IReadOnlySet<ListRef> NoLists = new HashSet<ListRef>();

    private readonly HashSet<ListRef> changedLists = [];
    private readonly HashSet<ListRef> removedLists = [];
    private readonly HashSet<int> orphanedKeys = [];
    private bool removesBucket;
    private readonly HashSet<RecordKey> purged = [];
    private readonly BucketHeads start;
    private readonly AccessRule rule;
    private readonly TimeProvider time;
    private BucketHeads heads;

    // Null for none.
    private DraftIndexes? fieldIndexes;

    // Of the request that is applied, where all that it changes has one stamp; null before its first change.
    private ServerTimestamp? requestStamp;

    /// <param name="start">The bucket as it was.</param>
    /// <param name="rule">Who may do what.</param>
    /// <param name="time">The clock.</param>
    /// <param name="form">How its history is told; null where none is kept.</param>
    public BucketDraft(BucketHeads start, AccessRule rule, TimeProvider time, IHistoryForm? form = null)
    {
        (this.start, this.rule, this.time, heads) = (start, rule, time, start);
        Overlay = new Overlay { Start = start };
        History = form is null ? null : new DraftHistory(form, this);
    }

    /// <summary>What is kept of the changes; null where nothing is.</summary>
    public DraftHistory? History { get; }

    /// <summary>The bucket with the changes, at the version it was read at.</summary>
    public BucketHeads Heads => heads;

    /// <summary>Changed rows.</summary>
    public Overlay Overlay { get; }

    /// <summary>What objects say of rights.</summary>
    public DraftAccess Access => field ??= new DraftAccess(this, rule);

    /// <summary>Indexes on fields.</summary>
    public DraftIndexes Indexes => fieldIndexes ??= new DraftIndexes(this);

    /// <summary>Which files records have.</summary>
    public DraftFiles Files => field ??= new DraftFiles(this);

    /// <summary>Records of buckets without objects of their own.</summary>
    public DraftRecords Records => field ??= new DraftRecords(this);

    /// <summary>What the bucket holds more than at the start, or less.</summary>
    public QuotaAmount Growth { get; private set; }

    /// <summary>What a bucket holds: bytes of all that clients have put there, and records.</summary>
    public static QuotaAmount AmountOf(BucketHeads heads) =>
        heads.Lists.Values.Aggregate(default(QuotaAmount), static (sum, head) => sum + AmountOf(head));

    private static QuotaAmount AmountOf(ListHead head) => head.List.Role is ListRole.Uploads || head.List.IsOfHistory
        ? default
        : new QuotaAmount(head.Bytes, head.List.Role == ListRole.Records ? head.Count : 0);

    public bool HasChanges => heads.Clock != start.Clock;

    /// <summary>What comes now is the next request's.</summary>
    public void BeginRequest() => requestStamp = null;

    public BucketCommit ToCommit(Guid nonce)
    {
        var commit = ToRows(nonce);
        if (!start.HasIndexes && !heads.HasIndexes)
        {
            return commit;
        }

        var (indexes, keys) = FieldIndexChanges.Of(start, heads, changedLists.Union(removedLists), Overlay, fieldIndexes?.BuiltKeys ?? []);
        return commit with { Indexes = indexes, FieldKeys = keys };
    }

    private BucketCommit ToRows(Guid nonce)
    {
        var (lists, saying) = (new List<ListHead>(changedLists.Count), default(HashSet<ListRef>));
        foreach (var list in changedLists)
        {
            if (!heads.Lists.TryGetValue(list, out var head))
            {
                continue;
            }

            lists.Add(head);
            if (start[list] is var before && (before.Key != head.Key || !Equals(before.Acl, head.Acl)))
            {
                (saying ??= []).Add(list);
            }
        }

        return new BucketCommit(
            heads with { Version = heads.Version + 1 },
            nonce,
            lists,
            removedLists.Count == 0 ? [] : [.. removedLists.Where(list => !heads.Lists.ContainsKey(list))],
            removesBucket ? [.. orphanedKeys, 0] : [.. orphanedKeys],
            Overlay.ToRows(heads.Rules.Tombstones))
        {
            // What was written again after it was purged stays.
            ChangedAcls = saying ?? NoLists,
            PurgedRecords = purged.Count == 0 ? [] : [.. purged.Where(key => !Overlay.TryGet(key.List, key.Id, out _))],
            Grants = Overlay.Grants.Count == 0 ? [] : [.. Overlay.Grants.Where(grant => !orphanedKeys.Contains(grant.Key.List))],
            RemovedRecords = History is { Trimmed.Count: > 0 } trims ? trims.Removed(orphanedKeys) : heads.Rules.Tombstones ? [] : Overlay.Tombstones(),
            Copies = History is { Copies.Count: > 0 } copies ? [.. copies.Copies.Where(copy => !orphanedKeys.Contains(copy.To.List))] : [],
        };
    }

    /// <summary>Creates or replaces an object, and what it lies in where that is to come into being with it.</summary>
    /// <param name="target">The object.</param>
    /// <param name="body">Its data.</param>
    /// <param name="hint">The client's own wish for the stamp.</param>
    /// <param name="previous">What was there, tombstones included; of its body only the length counts.</param>
    /// <param name="caller">Who becomes the author of what comes into being.</param>
    /// <param name="access">What the object says from now on; null to leave that as it is, and its bucket's author's alone where it comes into being.</param>
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

    /// <summary>Notes which groups of other buckets are named, before the write that names them.</summary>
    public void Name(IEnumerable<string> groups)
    {
        if (heads.Exists)
        {
            var self = heads[ListRef.Self];
            SetList(self with { Acl = (self.Acl ?? AccessList.Empty).WithForeignGroups(groups) });
        }
    }

    /// <summary>The stamp that the next write will have, or an earlier one that no write had.</summary>
    public ServerTimestamp Upcoming => requestStamp ?? BucketClock.Next(heads.Id.Kind, ServerTimestamp.Now(time), heads.Clock);

    private static long? NumberOf(Caller caller) => caller.Principals.Account.Number is not 0 and var number ? number : null;

    /// <summary>What lies in an object's row: of a bucket not what only the owner needs.</summary>
    private static AccessList? Kept(ListRole role, AccessList? access) =>
        role != ListRole.Self ? access : access is null or { NamesNobody: true } ? null : access.OnlyPermissions();

    /// <summary>A default bucket and its collections come into being with the first write to them.</summary>
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

    /// <summary>Removes an object that is there. A collection or bucket takes all that it holds with it.</summary>
    /// <returns>The tombstone.</returns>
    public StoredRecord Remove(ObjectRef target, ServerTimestamp? hint, StoredRecord live)
    {
        // Who could see it sees that it is gone.
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
                    // Its groups had members that read other buckets.
                    Overlay.Grants[new GrantKey(0, GrantRelation.Changed, PrincipalText.Everyone, ForeignHorizon.IdOf(tombstone.Modified, rule.Options))] = tombstone.Modified;
                }

                // What else says whose standing in it changed tells nobody anything any more.
                removesBucket = start.Row != 0;

                foreach (var list in heads.Lists.Values)
                {
                    Orphan(list);
                    removedLists.Add(list.List);
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
                Orphan(records);
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

    /// <summary>Removes tombstones for good. Nothing that a reader sees changes, but history now begins later.</summary>
    /// <param name="head">Their list, as it is now.</param>
    /// <param name="tombstones">The oldest ones of the list, in the order of their stamps; at least one.</param>
    public void Purge(ListHead head, IReadOnlyList<StoredRecord> tombstones)
    {
        foreach (var tombstone in tombstones)
        {
            purged.Add(new RecordKey(head.Key, tombstone.Id));
            Access.Unname(new ObjectRef(head.List, tombstone.Id), tombstone);
        }

        // A commit needs a stamp; no row gets this one.
        NextStamp(hint: null);
        SetList(head with { Horizon = ServerTimestamp.Max(head.Horizon, tombstones[^1].Modified) });
    }

    /// <summary>Adds a row of the bucket's history.</summary>
    public void AddEntry(StoredRecord entry)
    {
        EnsureList(ListRef.History);
        Put(ListRef.History, entry, previous: null, entry.Modified);
        if (AccessList.Read(entry.Acl) is { } readers)
        {
            Access.Name(new ObjectRef(ListRef.History, entry.Id), before: null, readers, entry.Modified);
        }
    }

    /// <summary>Forgets a list, if it is there; its rows go later.</summary>
    public void EndList(ListRef list)
    {
        if (heads.Lists.TryGetValue(list, out var head))
        {
            Growth -= AmountOf(head);
            Orphan(head);
            removedLists.Add(list);
            heads = heads with { Lists = heads.Lists.Remove(list) };
        }
    }

    /// <summary>Moves the stamp of a collection's records, which come into being where they are not there.</summary>
    public ServerTimestamp Touch(ListRef list, Caller caller)
    {
        CreateParents(new ObjectRef(list, ""), caller);
        EnsureList(list);
        var stamp = NextStamp(hint: null);
        SetList(heads[list] with { Touched = stamp });
        return stamp;
    }

    /// <summary>
    /// Puts a record there as it was elsewhere, with the stamp that it had. For a bucket that nobody has read yet; nothing of that id may be there.
    /// </summary>
    /// <param name="list">The list, which comes into being where it is not there.</param>
    /// <param name="record">The record.</param>
    /// <param name="caller">Who becomes the author of what comes into being.</param>
    public void Restore(ListRef list, StoredRecord record, Caller caller)
    {
        CreateParents(new ObjectRef(list, record.Id), caller);
        EnsureList(list);

        // A commit needs a stamp; no row of the list gets this one.
        NextStamp(hint: null);
        var head = heads[list];
        if (head.Count == 0)
        {
            // Nobody knows of a deletion before.
            SetList(head with { RowsModified = ServerTimestamp.Zero, Touched = ServerTimestamp.Zero, Horizon = ServerTimestamp.Zero });
        }

        Put(list, record, previous: null, ServerTimestamp.Max(heads[list].Touched, record.Modified));
    }

    /// <summary>Replaces what is kept of a list's indexes.</summary>
    public void SetIndexes(ListRef list, IReadOnlyList<FieldIndex> indexes)
    {
        SetList(heads[list] with { Indexes = indexes });
        heads = heads.WithIndexState();
    }

    /// <summary>Puts a row there, and counts it in its list.</summary>
    /// <param name="list">The list, which exists.</param>
    /// <param name="record">The row.</param>
    /// <param name="previous">What it replaces; null for nothing.</param>
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

    /// <summary>Makes a list that is not there.</summary>
    public void EnsureList(ListRef list)
    {
        var head = heads[list];
        if (!head.Exists)
        {
            // The stamp stays what an absent list answered: creating an empty list shows nothing new to its readers.
            SetList(head with { Key = TakeKey() });
        }
    }

    /// <summary>A number for a list or an index that comes into being: the bucket has it once.</summary>
    public int TakeKey()
    {
        heads = heads with { NextKey = heads.NextKey + 1 };
        return heads.NextKey - 1;
    }

    /// <summary>No write gets this stamp, or an earlier one.</summary>
    public void Pass(ServerTimestamp stamp) => heads = heads with { Clock = ServerTimestamp.Max(heads.Clock, stamp) };

    /// <summary>Replaces what is kept of a list.</summary>
    public void SetList(ListHead head) => SetList(heads[head.List], head);

    private void SetList(ListHead former, ListHead head)
    {
        Growth += AmountOf(head) - AmountOf(former);
        heads = heads with { Lists = heads.Lists.SetItem(head.List, head) };
        changedLists.Add(head.List);
    }

    private void Orphan(ListHead list)
    {
        if (list.Exists)
        {
            Overlay.Drop(list.Key);
            orphanedKeys.Add(list.Key);
        }
    }

    /// <summary>Gives the change that is about to be made its stamp.</summary>
    /// <param name="hint">The client's own wish.</param>
    /// <param name="ofGroups">Whether other buckets compare it with their clocks. A wish in the past is not granted then, nor where this bucket does so.</param>
    public ServerTimestamp NextStamp(ServerTimestamp? hint, bool ofGroups = false)
    {
        if (requestStamp is { } given)
        {
            return given;
        }

        var now = ServerTimestamp.Now(time);
        var countsOthers = rule.CountsOthers(heads);
        var stamp = hint is { } wish && BucketClock.Accepts(heads.Id.Kind, wish, now, heads.Clock) && (wish >= now || !(ofGroups || countsOthers))
            ? wish
            : BucketClock.Next(heads.Id.Kind, now, heads.Clock);
        if (countsOthers && ForeignHorizon.IsLead(stamp, now, rule.Options) && heads[ListRef.Self] is { Exists: true } self)
        {
            SetList(self with { Horizon = ServerTimestamp.Max(self.Horizon, stamp) });
        }

        heads = heads with { Clock = stamp };
        requestStamp = heads.Rules.Stamping == Stamping.PerRequest ? stamp : null;
        return stamp;
    }
}
