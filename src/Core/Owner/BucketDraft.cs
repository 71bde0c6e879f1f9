using System.Collections.Immutable;
using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// The changes of one turn to a bucket, not committed yet. Invariants:
/// <list type="number">
/// <item>Each changed object gets its own stamp, greater than all earlier stamps of the bucket.</item>
/// <item>A list's <see cref="ListHead.RowsModified"/> moves only when a row changes that readers of the list can see.</item>
/// <item>Counts and bytes match the rows. The caller of each change says which row it replaces.</item>
/// </list>
/// </summary>
internal sealed class BucketDraft(BucketHeads start, TimeProvider time)
{
    private readonly HashSet<ListRef> changedLists = [];
    private readonly HashSet<ListRef> removedLists = [];
    private readonly List<int> orphanedKeys = [];
    private readonly HashSet<RecordKey> purged = [];
    private readonly ServerTimestamp startClock = start.Clock;
    private BucketHeads heads = start;

    /// <summary>The bucket with the changes, at the version it was read at.</summary>
    public BucketHeads Heads => heads;

    /// <summary>Changed rows.</summary>
    public Overlay Overlay { get; } = new();

    public bool HasChanges => heads.Clock != startClock;

    public BucketCommit ToCommit(Guid nonce) => new(
        heads with { Version = heads.Version + 1 },
        nonce,
        [.. changedLists.Where(heads.Lists.ContainsKey).Select(list => heads.Lists[list])],
        [.. removedLists.Where(list => !heads.Lists.ContainsKey(list))],
        orphanedKeys,
        Overlay.ToRows())
    {
        // What was written again after it was purged stays.
        PurgedRecords = [.. purged.Where(key => !Overlay.TryGet(key.List, key.Id, out _))],
    };

    /// <summary>Creates or replaces an object, and what it lies in where that is to come into being with it.</summary>
    /// <param name="target">The object.</param>
    /// <param name="body">Its data.</param>
    /// <param name="hint">The client's own wish for the stamp.</param>
    /// <param name="previous">What was there, tombstones included; of its body only the length counts.</param>
    /// <param name="caller">Who becomes the author of what comes into being.</param>
    public RecordWritten Write(
        ObjectRef target, ReadOnlyMemory<byte> body, ServerTimestamp? hint, StoredRecord? previous, Caller caller)
    {
        CreateParents(target, caller);
        if (target.List.Role == ListRole.Self && !heads.Exists)
        {
            heads = heads with
            {
                Exists = true,
                Author = caller.Principals.User,
                AuthorNumber = caller.Principals.Account.Number is not 0 and var number ? number : null,
            };
        }

        EnsureList(target.List);
        if (target.List.Role == ListRole.Collections)
        {
            EnsureList(ListRef.RecordsOf(target.Id));
        }

        var live = previous is { IsTombstone: false };
        var record = new StoredRecord
        {
            Id = target.Id,
            Modified = NextStamp(hint),
            Body = body,
            Author = live ? previous!.Author : caller.Principals.User,
            Acl = live ? previous!.Acl : null,
        };
        Put(target.List, record, previous);
        return new RecordWritten(record, Created: !live);
    }

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
        var tombstone = StoredRecord.Tombstone(target.Id, NextStamp(hint), live.Author);
        switch (target.List.Role)
        {
            case ListRole.Self:
                foreach (var list in heads.Lists.Values)
                {
                    Orphan(list);
                    removedLists.Add(list.List);
                }

                heads = heads with
                {
                    Exists = false,
                    AuthorNumber = null,
                    Base = tombstone.Modified,
                    Lists = ImmutableDictionary<ListRef, ListHead>.Empty,
                };
                break;
            case ListRole.Collections:
                Put(target.List, tombstone, live);
                var records = heads[ListRef.RecordsOf(target.Id)];
                Orphan(records);
                SetList(records with
                {
                    Key = 0,
                    RowsModified = tombstone.Modified,
                    Touched = tombstone.Modified,
                    Horizon = tombstone.Modified,
                    Count = 0,
                    Bytes = 0,
                    NextExpiry = null,
                });
                break;
            default:
                Put(target.List, tombstone, live);
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
        }

        // A commit needs a stamp; no row gets this one.
        NextStamp(hint: null);
        SetList(head with { Horizon = ServerTimestamp.Max(head.Horizon, tombstones[^1].Modified) });
    }

    private void Put(ListRef list, StoredRecord record, StoredRecord? previous)
    {
        var head = heads[list];
        Overlay.Set(head.Key, record);
        var wasLive = previous is { IsTombstone: false };
        SetList(head with
        {
            RowsModified = record.Modified,
            Touched = record.Modified,
            Count = head.Count + (record.IsTombstone ? 0 : 1) - (wasLive ? 1 : 0),
            Bytes = head.Bytes + record.Length - (wasLive ? previous!.Length : 0),
        });
    }

    private void EnsureList(ListRef list)
    {
        var head = heads[list];
        if (!head.Exists)
        {
            // The stamp stays what an absent list answered: creating an empty list shows nothing new to its readers.
            SetList(head with { Key = heads.NextKey });
            heads = heads with { NextKey = heads.NextKey + 1 };
        }
    }

    private void SetList(ListHead head)
    {
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

    private ServerTimestamp NextStamp(ServerTimestamp? hint)
    {
        var now = ServerTimestamp.Now(time);
        var stamp = hint is { } wish && BucketClock.Accepts(heads.Id.Kind, wish, now, heads.Clock)
            ? wish
            : BucketClock.Next(heads.Id.Kind, now, heads.Clock);
        heads = heads with { Clock = stamp };
        return stamp;
    }
}
