using System.Collections.Immutable;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
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
/// </summary>
internal sealed class BucketDraft(BucketHeads start, TimeProvider time)
{
    /// <summary>How long an upload may take.</summary>
    public static readonly TimeSpan UploadLifetime = TimeSpan.FromHours(2);

    private readonly HashSet<ListRef> changedLists = [];
    private readonly HashSet<ListRef> removedLists = [];
    private readonly List<int> orphanedKeys = [];
    private readonly HashSet<RecordKey> purged = [];
    private readonly ServerTimestamp startClock = start.Clock;
    private BucketHeads heads = start;

    // Of the request that is applied, where all that it changes has one stamp; null before its first change.
    private ServerTimestamp? requestStamp;

    /// <summary>The bucket with the changes, at the version it was read at.</summary>
    public BucketHeads Heads => heads;

    /// <summary>Changed rows.</summary>
    public Overlay Overlay { get; } = new();

    public bool HasChanges => heads.Clock != startClock;

    /// <summary>What comes now is the next request's.</summary>
    public void BeginRequest() => requestStamp = null;

    public BucketCommit ToCommit(Guid nonce) => new(
        heads with { Version = heads.Version + 1 },
        nonce,
        [.. changedLists.Where(heads.Lists.ContainsKey).Select(list => heads.Lists[list])],
        [.. removedLists.Where(list => !heads.Lists.ContainsKey(list))],
        orphanedKeys,
        Overlay.ToRows(row => heads.Rules.Tombstones || !row.IsTombstone))
    {
        // What was written again after it was purged stays.
        PurgedRecords = [.. purged.Where(key => !Overlay.TryGet(key.List, key.Id, out _))],
        RemovedRecords = heads.Rules.Tombstones ? [] : [.. Overlay.ToRows(static row => row.IsTombstone).Select(static row => new RecordKey(row.Key, row.Value.Id))],
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
        Put(target.List, record, previous, record.Modified);
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
                Put(target.List, tombstone, live, tombstone.Modified);
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
                foreach (var upload in UploadsTo(target.Id))
                {
                    EndUpload(upload.List);
                }

                break;
            default:
                Put(target.List, tombstone, live, tombstone.Modified);
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

    /// <summary>Moves the stamp of a collection's records, which come into being where they are not there.</summary>
    public ServerTimestamp Touch(ListRef list, Caller caller)
    {
        CreateParents(new ObjectRef(list, ""), caller);
        EnsureList(list);
        var stamp = NextStamp(hint: null);
        SetList(heads[list] with { Touched = stamp });
        return stamp;
    }

    /// <summary>Makes or changes a record of a list that was touched.</summary>
    /// <param name="list">The list.</param>
    /// <param name="change">The change.</param>
    /// <param name="previous">What the store has, also if it has expired; with its body where the change has none.</param>
    /// <param name="live">The same if it is there; null if it has expired.</param>
    /// <param name="restamps">Whether the record gets the write's stamp in any case.</param>
    public void Merge(ListRef list, RecordChange change, StoredRecord? previous, StoredRecord? live, bool restamps)
    {
        if (change.Body is null && live?.UnreadLength is not null)
        {
            throw new InvalidOperationException("The body that is to stay was not read.");
        }

        var stamp = NextStamp(hint: null);
        var record = new StoredRecord
        {
            Id = change.Id,
            Modified = restamps || live is null || change.Body is not null || change.SortIndex is not null ? stamp : live.Modified,
            Body = change.Body ?? live?.Body ?? default,
            SortIndex = change.SortIndex ?? live?.SortIndex,
            Expiry = change.Lifetime is { } seconds ? stamp.Plus(seconds * 1000L) : live?.Expiry,
        };
        Put(list, record, previous, stamp);
    }

    /// <summary>Begins an upload.</summary>
    public void OpenUpload(ListRef upload)
    {
        EnsureList(upload);
        var stamp = NextStamp(hint: null);
        SetList(heads[upload] with { Touched = stamp, NextExpiry = stamp.Plus((long)UploadLifetime.TotalMilliseconds) });
    }

    /// <summary>Adds a change to an upload.</summary>
    public void Stage(ListRef upload, RecordChange change, StoredRecord? staged)
    {
        var stamp = NextStamp(hint: null);
        Put(upload, StagedChange.ToRow(change, staged, stamp, heads[upload].NextExpiry!.Value), staged, stamp);
    }

    /// <summary>Forgets an upload; its rows go later.</summary>
    public void EndUpload(ListRef upload)
    {
        // A commit needs a stamp; no reader sees this one.
        NextStamp(hint: null);
        Orphan(heads[upload]);
        removedLists.Add(upload);
        heads = heads with { Lists = heads.Lists.Remove(upload) };
    }

    /// <summary>The uploads to a collection, or all.</summary>
    public IEnumerable<ListHead> UploadsTo(string? collection) => heads.Lists.Values.Where(head =>
        head.List.Role == ListRole.Uploads && (collection is null || head.List.Name.StartsWith(collection + "/", StringComparison.Ordinal)));

    /// <summary>Removes records that have expired. Nothing that a reader sees changes.</summary>
    /// <param name="list">Their list.</param>
    /// <param name="expired">The records.</param>
    /// <param name="next">When the next one expires; null for never.</param>
    public void Expire(ListRef list, IReadOnlyList<StoredRecord> expired, ServerTimestamp? next)
    {
        var head = heads[list];
        foreach (var record in expired)
        {
            Overlay.Set(head.Key, StoredRecord.Tombstone(record.Id, record.Modified, record.Author));
        }

        // A commit needs a stamp; no reader sees this one.
        NextStamp(hint: null);
        SetList(head with
        {
            Count = head.Count - expired.Count,
            Bytes = head.Bytes - expired.Sum(static record => (long)record.Length),
            NextExpiry = next,
        });
    }

    private void Put(ListRef list, StoredRecord record, StoredRecord? previous, ServerTimestamp stamp)
    {
        var head = heads[list];
        Overlay.Set(head.Key, record);
        var wasLive = previous is { IsTombstone: false };
        SetList(head with
        {
            RowsModified = ServerTimestamp.Max(head.RowsModified, record.Modified),
            Touched = stamp,
            NextExpiry = record.Expiry is { } expiry && !(head.NextExpiry <= expiry) ? expiry : head.NextExpiry,
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
        if (requestStamp is { } given)
        {
            return given;
        }

        var now = ServerTimestamp.Now(time);
        var stamp = hint is { } wish && BucketClock.Accepts(heads.Id.Kind, wish, now, heads.Clock)
            ? wish
            : BucketClock.Next(heads.Id.Kind, now, heads.Clock);
        heads = heads with { Clock = stamp };
        requestStamp = heads.Rules.Stamping == Stamping.PerRequest ? stamp : null;
        return stamp;
    }
}
