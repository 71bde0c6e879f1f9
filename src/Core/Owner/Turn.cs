using Lockstep.Core.Buckets;
using Lockstep.Core.Json;
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
/// <item>Nothing here is true before the commit is done; a turn whose commit fails is thrown away.</item>
/// <item>Of the rows that it touches it knows all but the bodies; a body is read only for who needs it, and while it is held there is
/// room for it in <see cref="WorkMemory"/>. What finds no room is refused, and with it what follows in its request.</item>
/// </list>
/// </summary>
internal sealed class Turn
{
    private const int MaxUploads = 20;
    private const int ExpiredAtOnce = 1_000;

    // Bodies that are read before it is known how long they are.
    private const int FewBodies = 4;

    // From here on a patch is work for one of the places.
    private const int LargeBytes = 256 << 10;

    private readonly BucketHeads start;
    private readonly OperationReader reader;
    private readonly IBucketStore store;
    private readonly BucketOptions options;
    private readonly TimeProvider time;
    private readonly OwnerWork work;
    private readonly TurnMemory memory;
    private readonly Dictionary<RecordKey, StoredRecord?> loaded = [];

    public Turn(BucketHeads start, OperationReader reader, IBucketStore store, BucketOptions options, TimeProvider time, OwnerWork work, TurnMemory memory)
    {
        (this.work, this.memory) = (work, memory);
        this.start = start;
        this.reader = reader;
        this.store = store;
        this.options = options;
        this.time = time;
        Draft = new BucketDraft(start, time);
    }

    /// <summary>What the turn has changed so far.</summary>
    public BucketDraft Draft { get; }

    /// <summary>Somebody else has written meanwhile, and it shows: the turn is to be thrown away.</summary>
    public bool IsStale { get; private set; }

    private BucketHeads Heads => Draft.Heads;

    /// <summary>Reads all rows that the requests' point operations will look at, at once.</summary>
    public async ValueTask PreloadAsync(IReadOnlyList<BucketRequest> requests, CancellationToken cancellationToken)
    {
        if (start.Row == 0)
        {
            return;
        }

        var whole = new Dictionary<RecordKey, string>();
        foreach (var request in requests)
        {
            foreach (var operation in request.Operations)
            {
                if (operation is MergeRecords merge)
                {
                    if (start[merge.List] is { Exists: true } list)
                    {
                        foreach (var change in merge.Changes)
                        {
                            var changed = new RecordKey(list.Key, change.Id);
                            loaded.TryAdd(changed, null);
                            if (change.Body is null)
                            {
                                whole.TryAdd(changed, UserOf(request.Caller));
                            }
                        }
                    }
                }
                else if (TargetOf(operation) is { } target && start[target.List] is { Exists: true } head)
                {
                    var key = new RecordKey(head.Key, target.Id);
                    loaded.TryAdd(key, null);
                    if (operation is PatchRecord or PutRecord { Body: null })
                    {
                        whole.TryAdd(key, UserOf(request.Caller));
                    }
                }
            }
        }

        if (whole.Count > FewBodies)
        {
            Load(await ReadAsync(loaded.Keys, Projection.Metadata));
            var first = new List<RecordKey>();
            var bytes = 0L;
            foreach (var (key, user) in whole)
            {
                // The result will be about the same size.
                if (loaded[key] is { IsTombstone: false } row && bytes < options.MaxTurnBytes / 2 && memory.TryHold(user, row.Length))
                {
                    first.Add(key);
                    bytes += row.Length;
                }
            }

            Load(await ReadAsync(first, Projection.Whole));
            return;
        }

        // Begun together, so that a store that gathers reads gathers these.
        var keys = whole.Count == 0 ? [.. loaded.Keys] : loaded.Keys.Where(key => !whole.ContainsKey(key)).ToArray();
        var (bodies, metadata) = (ReadAsync(whole.Keys, Projection.Whole), ReadAsync(keys, Projection.Metadata));
        Load(await bodies);
        Load(await metadata);
        foreach (var (key, user) in whole)
        {
            if (loaded[key] is { IsTombstone: false } row && !memory.TryHold(user, row.Length))
            {
                loaded[key] = row with { Body = default, UnreadLength = row.Length };
            }
        }

        async Task<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(IReadOnlyCollection<RecordKey> wanted, Projection projection) =>
            wanted.Count == 0 ? NoRows : await store.ReadAsync(start.Key, wanted, projection, cancellationToken);
    }

    public async ValueTask<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken)
    {
        Draft.BeginRequest();
        var outcomes = new Outcome[request.Operations.Count];
        var isFull = false;
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = isFull ? Unavailable.Overloaded : await ExecuteAsync(request.Operations[i], request.Caller, cancellationToken);
            isFull = ReferenceEquals(outcomes[i], Unavailable.Overloaded);
        }

        return new BucketResponse(outcomes);
    }

    private async ValueTask<Outcome> ExecuteAsync(Operation operation, Caller caller, CancellationToken cancellationToken)
    {
        if (!operation.IsWrite)
        {
            var (outcome, version) = await reader.ReadAsync(operation, caller, Heads, Draft.Overlay, cancellationToken);
            IsStale |= version > Heads.Version;
            memory.Count(outcome is RecordFound found ? found.Record.Length : outcome is PageFound page ? page.Records.Sum(static record => (long)record.Length) : 0);
            return outcome;
        }

        if (!MayWrite(operation, caller))
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
            MergeRecords merge => await MergeAsync(merge, caller, cancellationToken),
            StageChanges stage => await StageAsync(stage, caller, cancellationToken),
            ExpireRecords expire => new CountFound(await ExpireAsync(expire.List, expire.Limit, cancellationToken), Heads[expire.List].Stamp(Heads.Rules)),
            PurgeTombstones purge => await PurgeAsync(purge, cancellationToken),
            _ => throw new InvalidOperationException($"Unknown operation {operation.GetType().Name}."),
        };
    }

    private async ValueTask<Outcome> PutAsync(PutRecord put, Caller caller, CancellationToken cancellationToken)
    {
        var existing = await FindAsync(put.Target, cancellationToken);
        var live = existing is { IsTombstone: false } ? existing : null;
        if (await RefusalAsync(put.Target, put.Precondition, live, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var body = put.Body;
        if (body is null && live is not null)
        {
            if (await WholeAsync(put.Target, live, caller, cancellationToken) is not { } whole)
            {
                return Unavailable.Overloaded;
            }

            body = whole.Body;
        }

        return Draft.Write(put.Target, body ?? RecordData.EmptyObject, put.Hint, existing, caller);
    }

    private async ValueTask<Outcome> CreateAsync(CreateRecord create, Caller caller, CancellationToken cancellationToken)
    {
        var target = create.Target;
        var existing = await FindAsync(target, cancellationToken);
        while (create.HasGeneratedId && existing is not null && target.List.Role != ListRole.Self)
        {
            target = target with { Id = IdGenerator.Next(target.List.Role) };
            existing = await FindAsync(target, cancellationToken);
        }

        var live = existing is { IsTombstone: false } ? existing : null;
        if (await RefusalAsync(target, create.Precondition, live, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        if (live is null)
        {
            return Draft.Write(target, create.Body, create.Hint, existing, caller);
        }

        return await WholeAsync(target, live, caller, cancellationToken) is { } whole ? new RecordKept(whole) : Unavailable.Overloaded;
    }

    private async ValueTask<Outcome> PatchAsync(PatchRecord patch, Caller caller, CancellationToken cancellationToken)
    {
        var existing = await FindAsync(patch.Target, cancellationToken);
        var live = existing is { IsTombstone: false } ? existing : OperationReader.Implied(patch.Target, caller, Heads);
        if (live is null)
        {
            return ParentRefusal(patch.Target.List, caller) ?? (Outcome)new Missing(patch.Target);
        }

        if (await RefusalAsync(patch.Target, patch.Precondition, live, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        if (await WholeAsync(patch.Target, live, caller, cancellationToken) is not { } whole
            || await ApplyAsync(patch, whole, caller, cancellationToken) is not var (data, invalid))
        {
            return Unavailable.Overloaded;
        }

        if (data?.Body.Length > patch.MaxBytes)
        {
            return new TooLarge($"The data of an object may have {patch.MaxBytes} bytes.");
        }

        if (data is not null && !memory.TryHold(UserOf(caller), data.Body.Length))
        {
            return Unavailable.Overloaded;
        }

        memory.Count(data?.Body.Length ?? 0);

        return data is null
            ? invalid!
            : Draft.Write(patch.Target, data.Body, Hint(data.LastModified), existing, caller) with
            {
                Previous = patch.ReturnsPrevious && existing is { IsTombstone: false } ? whole : null,
            };
    }

    /// <returns>What the patch makes of the record; null when there is no room for that, or no place came free.</returns>
    private async ValueTask<(RecordData? Data, Invalid? Invalid)?> ApplyAsync(
        PatchRecord patch, StoredRecord whole, Caller caller, CancellationToken cancellationToken)
    {
        if (whole.Length + patch.Patch.Length < LargeBytes)
        {
            return RecordPatch.Apply(patch.Kind, whole, patch.Patch, patch.ReservedFlag, cancellationToken);
        }

        var user = UserOf(caller);
        if (!await work.Processors.TryEnterAsync(user, cancellationToken))
        {
            return null;
        }

        var weight = JsonWeight.Of(whole.Body.Span) + JsonWeight.Of(patch.Patch.Span);
        var hasRoom = false;
        try
        {
            hasRoom = work.Memory.TryHold(user, weight, memory.HeldFor(user));
            return hasRoom ? RecordPatch.Apply(patch.Kind, whole, patch.Patch, patch.ReservedFlag, cancellationToken) : null;
        }
        finally
        {
            work.Processors.Leave();
            if (hasRoom)
            {
                work.Memory.Release(user, weight);
            }
        }
    }

    private async ValueTask<Outcome> DeleteAsync(DeleteRecord delete, Caller caller, CancellationToken cancellationToken)
    {
        var existing = await FindAsync(delete.Target, cancellationToken);
        var live = Live(existing);
        if (live is null)
        {
            // Whatever the precondition: gone is what a client that deletes wants to hear. kinto.js relies on it.
            return ParentRefusal(delete.Target.List, caller) ?? (Outcome)new Missing(delete.Target);
        }

        return await RefusalAsync(delete.Target, delete.Precondition, live, caller, cancellationToken)
            ?? new RecordDeleted(Draft.Remove(delete.Target, delete.Hint, live));
    }

    private async ValueTask<Outcome> DeleteManyAsync(DeleteRecords deletes, Caller caller, CancellationToken cancellationToken)
    {
        var head = Heads[deletes.List];
        if (ParentRefusal(deletes.List, caller) is { } refusal)
        {
            return refusal;
        }

        var stamp = head.Stamp(Heads.Rules);
        if (!deletes.Precondition.Holds(exists: true, stamp))
        {
            return new PreconditionFailed(Existing: null, stamp);
        }

        if (!head.Exists)
        {
            return new RecordsDeleted([], stamp, Next: null);
        }

        // Only an order by fields looks at bodies.
        var query = deletes.Query with
        {
            Deleted = false,
            Projection = deletes.Query.Order == ListOrder.Fields ? Projection.Whole : Projection.Metadata,
        };
        var (outcome, _) = await reader.ReadAsync(
            new ListRecords(deletes.List, query with { Since = null, After = query.LowerBound }), caller, Heads, Draft.Overlay, cancellationToken);
        if (deletes.Query.Deleted == true || outcome is not PageFound page)
        {
            return outcome is PageFound ? new RecordsDeleted([], head.RowsModified, Next: null) : outcome;
        }

        var tombstones = page.Records
            .Select(record => Draft.Remove(new ObjectRef(deletes.List, record.Id), hint: null, record))
            .ToList();
        if (!Heads.Rules.Tombstones)
        {
            Draft.Touch(deletes.List, caller);
        }

        return new RecordsDeleted(tombstones, Heads[deletes.List].Stamp(Heads.Rules), page.Next);
    }

    private async ValueTask<Outcome> MergeAsync(MergeRecords merge, Caller caller, CancellationToken cancellationToken)
    {
        // :: Step 1: whether it may be.
        var list = merge.List;
        var first = merge.Changes.Count == 1 ? merge.Changes[0].Id : "";
        var live = first.Length > 0 ? Live(await FindAsync(new ObjectRef(list, first), cancellationToken)) : null;
        if (await RefusalAsync(new ObjectRef(list, first), merge.Precondition, live, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        // :: Step 2: what was put by, and what is there, as far as there is room for it.
        var changes = merge.Changes;
        if (merge.Upload is { } id)
        {
            var upload = ListRef.Upload(list.Name, id);
            if (!IsOpen(upload))
            {
                return new Missing(new ObjectRef(upload, id));
            }

            if (!memory.TryHold(UserOf(caller), Heads[upload].Bytes))
            {
                return Unavailable.Overloaded;
            }

            memory.Count(Heads[upload].Bytes);
            changes = [.. await StagedAsync(upload, cancellationToken), .. changes];
        }

        if (!await TryLoadAsync(list, changes, caller, cancellationToken))
        {
            return Unavailable.Overloaded;
        }

        // :: Step 3: the quota. What has expired is gone, though it may still be counted.
        if (!await FitsAsync(list, changes, merge.Quota, cancellationToken))
        {
            foreach (var due in Heads.Lists.Values.Where(head => head.List.Role == ListRole.Records).ToList())
            {
                while (await ExpireAsync(due.List, ExpiredAtOnce, cancellationToken) > 0)
                {
                }
            }

            if (!await FitsAsync(list, changes, merge.Quota, cancellationToken))
            {
                return OverQuota.Instance;
            }
        }

        // :: Step 4: the changes.
        var stamp = Draft.Touch(list, caller);
        foreach (var change in changes)
        {
            var existing = await FindAsync(new ObjectRef(list, change.Id), cancellationToken);
            Draft.Merge(list, change, existing, Live(existing), restamps: merge.Upload is not null);
        }

        if (merge.Upload is not null)
        {
            Draft.EndUpload(ListRef.Upload(list.Name, merge.Upload));
        }

        return new RecordsMerged(stamp);
    }

    /// <summary>Whether the bucket would hold no more than it may, or less than it does.</summary>
    private async ValueTask<bool> FitsAsync(ListRef list, IReadOnlyList<RecordChange> changes, long quota, CancellationToken cancellationToken)
    {
        if (quota == long.MaxValue)
        {
            return true;
        }

        var lengths = new Dictionary<string, int>(StringComparer.Ordinal);
        long more = 0;
        foreach (var change in changes)
        {
            var existing = await FindAsync(new ObjectRef(list, change.Id), cancellationToken);
            var counted = lengths.TryGetValue(change.Id, out var length) ? length : existing is { IsTombstone: false } ? existing.Length : 0;
            lengths[change.Id] = change.Body?.Length ?? (lengths.ContainsKey(change.Id) || Live(existing) is not null ? counted : 0);
            more += lengths[change.Id] - counted;
        }

        return more <= 0 || Heads.Bytes + more <= quota;
    }

    private async ValueTask<Outcome> StageAsync(StageChanges stage, Caller caller, CancellationToken cancellationToken)
    {
        // :: Step 1: whether it may be.
        if (await RefusalAsync(new ObjectRef(stage.List, ""), stage.Precondition, live: null, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var upload = ListRef.Upload(stage.List.Name, stage.Upload);
        if (!stage.Opens && !IsOpen(upload))
        {
            return new Missing(new ObjectRef(upload, stage.Upload));
        }

        // What was put by is copied with what comes.
        var size = stage.Changes.Sum(static change => (long)(change.Body?.Length ?? 0));
        if (!await TryLoadAsync(upload, stage.Changes, caller, cancellationToken) || !memory.TryHold(UserOf(caller), size))
        {
            return Unavailable.Overloaded;
        }

        memory.Count(size);
        var (records, bytes) = (Heads[upload].Count, Heads[upload].Bytes - (StagedChange.Overhead * Heads[upload].Count));
        foreach (var change in stage.Changes)
        {
            var staged = await FindAsync(new ObjectRef(upload, change.Id), cancellationToken);
            records += staged is null ? 1 : 0;
            bytes += change.Body is { } body ? body.Length - (staged is null ? 0 : staged.Length - StagedChange.Overhead) : 0;
        }

        if (records > stage.MaxRecords || bytes > stage.MaxBytes)
        {
            return new TooLarge($"A batch has at most {stage.MaxRecords} records and {stage.MaxBytes} bytes of data.");
        }

        // :: Step 2: room. What nobody has gone on with for the longest time makes it.
        foreach (var other in Draft.UploadsTo(collection: null).Where(other => other.List != upload).OrderBy(static other => other.NextExpiry).ToList())
        {
            var others = Draft.UploadsTo(collection: null).Where(left => left.List != upload).ToList();
            if (IsOpen(other.List) && others.Count < MaxUploads && others.Sum(static left => left.Bytes) + bytes <= 2 * stage.MaxBytes)
            {
                break;
            }

            Draft.EndUpload(other.List);
        }

        // :: Step 3: the changes.
        if (!Heads[upload].Exists)
        {
            Draft.OpenUpload(upload);
        }

        foreach (var change in stage.Changes)
        {
            Draft.Stage(upload, change, await FindAsync(new ObjectRef(upload, change.Id), cancellationToken));
        }

        return new ChangesStaged(Heads[stage.List].Stamp(Heads.Rules));
    }

    private bool IsOpen(ListRef upload) => Heads[upload] is { Exists: true } head && !(head.NextExpiry <= reader.AliveAt(Heads));

    private async ValueTask<List<RecordChange>> StagedAsync(ListRef upload, CancellationToken cancellationToken)
    {
        var head = Heads[upload];
        var uncommitted = Draft.Overlay.RowsOf(head.Key);
        var rows = new List<StoredRecord>(uncommitted?.Values ?? []);
        if (Heads.Row != 0 && start[upload].Key == head.Key)
        {
            var query = ListReader.Beneath(new ListQuery { Limit = int.MaxValue }, uncommitted);
            rows.AddRange((await store.ScanAsync(new RecordScan(Heads.Key, head.Key, query, int.MaxValue, long.MaxValue), cancellationToken)).Records);
        }

        return rows.ConvertAll(StagedChange.From);
    }

    /// <summary>
    /// Reads what the changes will look at and was not read yet: of records the bodies that are to stay, of an upload's rows all, since they
    /// say in them what they change.
    /// </summary>
    /// <returns>False when there is no room for it.</returns>
    private async ValueTask<bool> TryLoadAsync(ListRef list, IReadOnlyList<RecordChange> changes, Caller caller, CancellationToken cancellationToken)
    {
        var head = Heads[list];
        if (Heads.Row == 0 || !head.Exists || start[list].Key != head.Key)
        {
            return true;
        }

        // :: Step 1: all but the bodies.
        var unknown = new HashSet<RecordKey>();
        foreach (var change in changes)
        {
            var key = new RecordKey(head.Key, change.Id);
            if (!loaded.ContainsKey(key) && unknown.Add(key))
            {
                loaded.Add(key, null);
            }
        }

        Load(unknown.Count == 0 ? NoRows : await store.ReadAsync(start.Key, unknown, Projection.Metadata, cancellationToken));

        // :: Step 2: bodies.
        var wanted = new HashSet<RecordKey>();
        foreach (var change in changes)
        {
            var key = new RecordKey(head.Key, change.Id);
            if ((change.Body is not null && list.Role != ListRole.Uploads) || Draft.Overlay.TryGet(head.Key, change.Id, out _)
                || loaded[key] is not { IsTombstone: false } row || !wanted.Add(key))
            {
                continue;
            }

            memory.Count(row.Length);
            if (row.UnreadLength is null)
            {
                wanted.Remove(key);
            }
            else if (!memory.TryHold(UserOf(caller), row.Length))
            {
                return false;
            }
        }

        Load(wanted.Count == 0 ? NoRows : await store.ReadAsync(start.Key, wanted, Projection.Whole, cancellationToken));

        // What somebody else has written meanwhile is another version: the turn is thrown away, and whatever it answers with it.
        IsStale |= wanted.Any(key => loaded[key]?.UnreadLength is not null);
        return !IsStale;
    }

    /// <summary>Removes what has expired; of an upload all.</summary>
    /// <returns>How many records went.</returns>
    private async ValueTask<int> ExpireAsync(ListRef list, int limit, CancellationToken cancellationToken)
    {
        var (head, at) = (Heads[list], reader.AliveAt(Heads));
        if (!head.Exists || !(head.NextExpiry <= at))
        {
            return 0;
        }

        if (list.Role == ListRole.Uploads)
        {
            Draft.EndUpload(list);
            return (int)head.Count;
        }

        // One more than is removed says when the next one expires.
        var uncommitted = Draft.Overlay.RowsOf(head.Key);
        var rows = new List<StoredRecord>(uncommitted?.Values.Where(static row => row is { IsTombstone: false, Expiry: not null }) ?? []);
        if (Heads.Row != 0 && start[list].Key == head.Key)
        {
            var query = ListReader.Beneath(
                new ListQuery { ExpiringFirst = true, Deleted = false, Projection = Projection.Metadata, Limit = limit + 1 }, uncommitted);
            rows.AddRange((await store.ScanAsync(new RecordScan(Heads.Key, head.Key, query, limit + 1, long.MaxValue), cancellationToken)).Records);
        }

        rows.Sort(static (a, b) => RecordOrder.Compare(ListOrder.ExpiringFirst, a, b));
        var expired = rows.TakeWhile(row => row.Expiry <= at).Take(limit).ToList();
        Draft.Expire(list, expired, rows.Count > expired.Count ? rows[expired.Count].Expiry : null);
        return expired.Count;
    }

    /// <summary>The row if the record is there: no tombstone, and not expired.</summary>
    private StoredRecord? Live(StoredRecord? row) => row is { IsTombstone: false } && (reader.AliveAt(Heads) is not { } at || row.IsAlive(at)) ? row : null;

    private async ValueTask<Outcome> PurgeAsync(PurgeTombstones purge, CancellationToken cancellationToken)
    {
        var head = Heads[purge.List];
        if (!head.Exists || Heads.Row == 0 || start[purge.List].Key != head.Key)
        {
            return new CountFound(0, head.RowsModified);
        }

        var query = new ListQuery
        {
            Before = purge.Before < head.RowsModified ? purge.Before : head.RowsModified,
            Deleted = true,
            Sort = [new SortField("last_modified", Descending: false)],
            Limit = purge.Limit,
        };
        var scan = new RecordScan(Heads.Key, head.Key, ListReader.Beneath(query, Draft.Overlay.RowsOf(head.Key)), purge.Limit, long.MaxValue);
        var rows = await store.ScanAsync(scan, cancellationToken);
        if (rows.Records.Count > 0)
        {
            Draft.Purge(head, rows.Records);
        }

        return new CountFound(rows.Records.Count, head.RowsModified);
    }

    private async ValueTask<StoredRecord?> FindAsync(ObjectRef target, CancellationToken cancellationToken)
    {
        var head = Heads[target.List];
        if (head.Exists && !Draft.Overlay.TryGet(head.Key, target.Id, out _)
            && loaded.TryGetValue(new RecordKey(head.Key, target.Id), out var record))
        {
            return record;
        }

        // A list that this turn created has no rows in the store.
        return head.Exists && start[target.List].Key != head.Key && !Draft.Overlay.TryGet(head.Key, target.Id, out _)
            ? null
            : await reader.FindAsync(target, Heads, Draft.Overlay, cancellationToken);
    }

    private void Load(IReadOnlyDictionary<RecordKey, StoredRecord> rows)
    {
        foreach (var (key, record) in rows)
        {
            loaded[key] = record;
        }
    }

    /// <summary>The record with its body, for what is made of it or an answer that shows it.</summary>
    /// <returns>Null when there is no room for it.</returns>
    private async ValueTask<StoredRecord?> WholeAsync(ObjectRef target, StoredRecord record, Caller caller, CancellationToken cancellationToken)
    {
        memory.Count(record.Length);
        if (record.UnreadLength is null)
        {
            return record;
        }

        if (!memory.TryHold(UserOf(caller), record.Length))
        {
            return null;
        }

        var whole = await reader.FindAsync(target, Heads, Draft.Overlay, cancellationToken);
        if (whole?.Modified == record.Modified)
        {
            return whole;
        }

        // The turn is thrown away, and whatever this answers with it.
        IsStale = true;
        return null;
    }

    /// <summary>Why the write cannot be: its parent is missing, its precondition fails, the bucket is full. Else null.</summary>
    private async ValueTask<Outcome?> RefusalAsync(
        ObjectRef target, Precondition precondition, StoredRecord? live, Caller caller, CancellationToken cancellationToken)
    {
        if (ParentRefusal(target.List, caller) is { } refusal)
        {
            return refusal;
        }

        var list = Heads[target.List];
        var (exists, stamp) = precondition.Scope switch
        {
            PreconditionScope.Record => (live is not null, live?.Modified ?? list.Stamp(Heads.Rules)),
            PreconditionScope.List => (true, list.Stamp(Heads.Rules)),
            PreconditionScope.Contents => (true, Heads[ListRef.RecordsOf(target.Id)].Stamp(Heads.Rules)),
            _ => (true, Heads.Stamp),
        };
        if (!precondition.Holds(exists, stamp))
        {
            if (precondition.Scope != PreconditionScope.Record || live is null)
            {
                return new PreconditionFailed(Existing: null, stamp);
            }

            return await WholeAsync(target, live, caller, cancellationToken) is { } existing ? new PreconditionFailed(existing, stamp) : Unavailable.Overloaded;
        }

        var collection = target.List.Role switch
        {
            ListRole.Collections => target.Id,
            ListRole.Records => target.List.Name,
            _ => null,
        };
        if (collection is null || Heads[ListRef.RecordsOf(collection)].Exists)
        {
            return null;
        }

        // Deleted collections are remembered too, for their stamps, until the bucket itself is deleted.
        var known = Heads.Lists.ContainsKey(ListRef.RecordsOf(collection));
        return Heads[ListRef.Collections].Count >= options.MaxCollections || (!known && Heads.Lists.Count >= 2 * options.MaxCollections)
            ? new TooLarge($"A bucket holds at most {options.MaxCollections} collections, and remembers as many deleted ones.")
            : null;
    }

    private bool MayWrite(Operation operation, Caller caller)
    {
        if (Heads.Id.Kind == BucketKind.Unknown)
        {
            return false;
        }

        if (caller.Access == BucketAccess.System)
        {
            return operation is DeleteRecord { Target.List.Role: ListRole.Self } or PurgeTombstones or ExpireRecords
                && (caller.Principals.User is null || caller.Principals.Contains(Heads.Author));
        }

        var makesBucket = operation is PutRecord { Target.List.Role: ListRole.Self } or CreateRecord { Target.List.Role: ListRole.Self };
        return OperationReader.MayAccess(Heads, caller) || (makesBucket && !Heads.Exists);
    }

    private ParentMissing? ParentRefusal(ListRef list, Caller caller) =>
        list.Role == ListRole.Records && caller.Access != BucketAccess.Own && !Heads[list].Exists
            ? new ParentMissing(ObjectRef.Collection(list.Name))
            : null;

    private bool LeadsTooFar() =>
        options.ClockLeadRefusal > TimeSpan.Zero
        && Heads.Clock > ServerTimestamp.Now(time).Plus((long)options.ClockLeadRefusal.TotalMilliseconds);

    private static string UserOf(Caller caller) => caller.Principals.User ?? "";

    private static readonly Dictionary<RecordKey, StoredRecord> NoRows = [];

    private static ServerTimestamp? Hint(long? lastModified) =>
        lastModified is { } value ? new ServerTimestamp(value) : null;

    /// <summary>What a write looks at before it writes. Reads look for themselves.</summary>
    private static ObjectRef? TargetOf(Operation operation) => operation switch
    {
        PutRecord put => put.Target,
        CreateRecord create => create.Target,
        PatchRecord patch => patch.Target,
        DeleteRecord delete => delete.Target,
        _ => null,
    };
}
