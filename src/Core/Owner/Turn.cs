using System.Collections.Immutable;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Applies requests, one after the other, to a bucket as it was at one version, and collects what they change into one
/// commit. Invariants:
/// <list type="number">
/// <item>An operation either has its whole effect or none: everything that can refuse it is checked before the first
/// change.</item>
/// <item>Each changed object gets a stamp of its own, above all earlier ones of the bucket.</item>
/// <item>A list's <see cref="ListHead.RowsModified"/> moves only with a row that a reader of the list can see change.</item>
/// <item>Nothing here is true before the commit is done; a turn whose commit fails is thrown away.</item>
/// </list>
/// </summary>
internal sealed class Turn
{
    private readonly BucketHeads start;
    private readonly OperationReader reader;
    private readonly IBucketStore store;
    private readonly BucketOptions options;
    private readonly TimeProvider time;
    private readonly Overlay overlay = new();
    private readonly Dictionary<RecordKey, StoredRecord?> loaded = [];
    private readonly HashSet<ListRef> changedLists = [];
    private readonly HashSet<ListRef> removedLists = [];
    private readonly List<int> orphanedKeys = [];
    private BucketHeads heads;

    public Turn(BucketHeads start, OperationReader reader, IBucketStore store, BucketOptions options, TimeProvider time)
    {
        this.start = start;
        this.reader = reader;
        this.store = store;
        this.options = options;
        this.time = time;
        heads = start;
    }

    public bool HasChanges => heads.Clock != start.Clock;

    /// <summary>The bucket as it will be once <see cref="ToCommit"/> is done.</summary>
    public BucketHeads Heads => heads with { Version = start.Version + 1 };

    /// <summary>Reads all rows that the requests' point operations will look at, at once.</summary>
    public async ValueTask PreloadAsync(IReadOnlyList<BucketRequest> requests, CancellationToken cancellationToken)
    {
        if (start.Row == 0)
        {
            return;
        }

        foreach (var request in requests)
        {
            foreach (var operation in request.Operations)
            {
                if (TargetOf(operation) is { } target && start[target.List] is { Exists: true } head)
                {
                    loaded.TryAdd(new RecordKey(head.Key, target.Id), null);
                }
            }
        }

        foreach (var (key, record) in await store.ReadAsync(start.Row, loaded.Keys, cancellationToken))
        {
            loaded[key] = record;
        }
    }

    public async ValueTask<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken)
    {
        var outcomes = new Outcome[request.Operations.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = await ExecuteAsync(request.Operations[i], request.Caller, cancellationToken);
        }

        return new BucketResponse(outcomes);
    }

    public BucketCommit ToCommit(Guid nonce) => new(
        Heads,
        nonce,
        [.. changedLists.Where(heads.Lists.ContainsKey).Select(list => heads.Lists[list])],
        [.. removedLists.Where(list => !heads.Lists.ContainsKey(list))],
        orphanedKeys,
        overlay.ToRows());

    private async ValueTask<Outcome> ExecuteAsync(Operation operation, Caller caller, CancellationToken cancellationToken)
    {
        if (!operation.IsWrite)
        {
            return (await reader.ReadAsync(operation, caller, heads, overlay, cancellationToken)).Outcome;
        }

        var makesBucket = operation is PutRecord { Target.List.Role: ListRole.Self } or CreateRecord { Target.List.Role: ListRole.Self };
        if (!OperationReader.MayAccess(heads, caller) && !(makesBucket && !heads.Exists))
        {
            return Forbidden.Instance;
        }

        if (LeadsTooFar())
        {
            return Unavailable.ClockAhead;
        }

        return operation switch
        {
            PutRecord put => await PutAsync(put, caller, cancellationToken),
            CreateRecord create => await CreateAsync(create, caller, cancellationToken),
            PatchRecord patch => await PatchAsync(patch, caller, cancellationToken),
            DeleteRecord delete => await DeleteAsync(delete, caller, cancellationToken),
            DeleteRecords deletes => await DeleteManyAsync(deletes, caller, cancellationToken),
            _ => throw new InvalidOperationException($"Unknown operation {operation.GetType().Name}."),
        };
    }

    private async ValueTask<Outcome> PutAsync(PutRecord put, Caller caller, CancellationToken cancellationToken)
    {
        var existing = await FindAsync(put.Target, cancellationToken);
        var live = existing is { IsTombstone: false } ? existing : null;
        return Refusal(put.Target, put.Precondition, live, caller)
            ?? Write(put.Target, put.Body ?? live?.Body ?? RecordData.EmptyObject, put.Hint, existing, caller);
    }

    private async ValueTask<Outcome> CreateAsync(CreateRecord create, Caller caller, CancellationToken cancellationToken)
    {
        var existing = await FindAsync(create.Target, cancellationToken);
        var live = existing is { IsTombstone: false } ? existing : null;
        return Refusal(create.Target, create.Precondition, live, caller)
            ?? (live is not null ? new RecordKept(live) : Write(create.Target, create.Body, create.Hint, existing, caller));
    }

    private async ValueTask<Outcome> PatchAsync(PatchRecord patch, Caller caller, CancellationToken cancellationToken)
    {
        var existing = await FindAsync(patch.Target, cancellationToken);
        var live = existing is { IsTombstone: false } ? existing : OperationReader.Implied(patch.Target, caller, heads);
        if (live is null)
        {
            return ParentRefusal(patch.Target.List, caller) ?? (Outcome)new Missing(patch.Target);
        }

        if (Refusal(patch.Target, patch.Precondition, live, caller) is { } refusal)
        {
            return refusal;
        }

        var (data, invalid) = RecordPatch.Apply(patch.Kind, live, patch.Patch);
        return data is null ? invalid! : Write(patch.Target, data.Body, Hint(data.LastModified), existing, caller);
    }

    private async ValueTask<Outcome> DeleteAsync(DeleteRecord delete, Caller caller, CancellationToken cancellationToken)
    {
        var existing = await FindAsync(delete.Target, cancellationToken);
        var live = existing is { IsTombstone: false } ? existing : null;
        if (live is null)
        {
            // Whatever the precondition: gone is what a client that deletes wants to hear. kinto.js relies on it.
            return ParentRefusal(delete.Target.List, caller) ?? (Outcome)new Missing(delete.Target);
        }

        return Refusal(delete.Target, delete.Precondition, live, caller) ?? new RecordDeleted(Remove(delete.Target, delete.Hint, live));
    }

    private async ValueTask<Outcome> DeleteManyAsync(DeleteRecords deletes, Caller caller, CancellationToken cancellationToken)
    {
        var head = heads[deletes.List];
        if (ParentRefusal(deletes.List, caller) is { } refusal)
        {
            return refusal;
        }

        if (!deletes.Precondition.Holds(exists: true, head.RowsModified))
        {
            return new PreconditionFailed(Existing: null, head.RowsModified);
        }

        if (!head.Exists)
        {
            return new RecordsDeleted([], head.RowsModified, Next: null);
        }

        var query = deletes.Query with { Deleted = false };
        var (outcome, _) = await reader.ReadAsync(
            new ListRecords(deletes.List, query with { Since = null, After = query.LowerBound }), caller, heads, overlay, cancellationToken);
        if (deletes.Query.Deleted == true || outcome is not PageFound page)
        {
            return outcome is PageFound ? new RecordsDeleted([], head.RowsModified, Next: null) : outcome;
        }

        var tombstones = page.Records
            .Select(record => Remove(new ObjectRef(deletes.List, record.Id), hint: null, record))
            .ToList();
        return new RecordsDeleted(tombstones, heads[deletes.List].RowsModified, page.Next);
    }

    private async ValueTask<StoredRecord?> FindAsync(ObjectRef target, CancellationToken cancellationToken)
    {
        var head = heads[target.List];
        if (head.Exists && !overlay.TryGet(head.Key, target.Id, out _)
            && loaded.TryGetValue(new RecordKey(head.Key, target.Id), out var record))
        {
            return record;
        }

        // A list that this turn created has no rows in the store.
        return head.Exists && start[target.List].Key != head.Key && !overlay.TryGet(head.Key, target.Id, out _)
            ? null
            : await reader.FindAsync(target, heads, overlay, cancellationToken);
    }

    /// <summary>Why the write cannot be: its parent is missing, its precondition fails, the bucket is full. Else null.</summary>
    private Outcome? Refusal(ObjectRef target, Precondition precondition, StoredRecord? live, Caller caller)
    {
        if (ParentRefusal(target.List, caller) is { } refusal)
        {
            return refusal;
        }

        var list = heads[target.List];
        var (exists, stamp) = precondition.Scope switch
        {
            PreconditionScope.Record => (live is not null, live?.Modified ?? list.RowsModified),
            PreconditionScope.List => (true, list.RowsModified),
            _ => (true, heads.Clock),
        };
        if (!precondition.Holds(exists, stamp))
        {
            return new PreconditionFailed(precondition.Scope == PreconditionScope.Record ? live : null, stamp);
        }

        var collection = target.List.Role switch
        {
            ListRole.Collections => target.Id,
            ListRole.Records => target.List.Name,
            _ => null,
        };
        return collection is not null && !heads[ListRef.RecordsOf(collection)].Exists
            && heads[ListRef.Collections].Count >= options.MaxCollections
            ? new TooLarge($"A bucket holds at most {options.MaxCollections} collections.")
            : null;
    }

    private ParentMissing? ParentRefusal(ListRef list, Caller caller) =>
        list.Role == ListRole.Records && !caller.IsDefaultBucket && !heads[list].Exists
            ? new ParentMissing(ObjectRef.Collection(list.Name))
            : null;

    private RecordWritten Write(
        ObjectRef target, ReadOnlyMemory<byte> body, ServerTimestamp? hint, StoredRecord? previous, Caller caller)
    {
        CreateParents(target, caller);
        if (target.List.Role == ListRole.Self && !heads.Exists)
        {
            heads = heads with { Exists = true, Author = caller.Principal };
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
            Author = live ? previous!.Author : caller.Principal,
            Acl = live ? previous!.Acl : null,
        };
        Put(target.List, record, previous);
        return new RecordWritten(record, previous);
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

    private StoredRecord Remove(ObjectRef target, ServerTimestamp? hint, StoredRecord live)
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

    private void Put(ListRef list, StoredRecord record, StoredRecord? previous)
    {
        var head = heads[list];
        overlay.Set(head.Key, record);
        var wasLive = previous is { IsTombstone: false };
        SetList(head with
        {
            RowsModified = record.Modified,
            Touched = record.Modified,
            Count = head.Count + (record.IsTombstone ? 0 : 1) - (wasLive ? 1 : 0),
            Bytes = head.Bytes + record.Body.Length - (wasLive ? previous!.Body.Length : 0),
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
            overlay.Drop(list.Key);
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

    private bool LeadsTooFar() =>
        options.ClockLeadRefusal > TimeSpan.Zero
        && heads.Clock > ServerTimestamp.Now(time).Plus((long)options.ClockLeadRefusal.TotalMilliseconds);

    private static ServerTimestamp? Hint(long? lastModified) =>
        lastModified is { } value ? new ServerTimestamp(value) : null;

    private static ObjectRef? TargetOf(Operation operation) => operation switch
    {
        ReadRecord read => read.Target,
        PutRecord put => put.Target,
        CreateRecord create => create.Target,
        PatchRecord patch => patch.Target,
        DeleteRecord delete => delete.Target,
        _ => null,
    };
}
