using Lockstep.Core.Buckets;
using Lockstep.Core.Json;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Patches;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Validation;

namespace Lockstep.Core.Owner;

/// <summary>
/// Applies requests, one after the other, to a bucket as it was at one version, and collects what they change into one
/// commit. Invariants:
/// <list type="number">
/// <item>An operation either has its whole effect or none: everything that can refuse it is checked before the first
/// change.</item>
/// <item>Nothing here is true before the commit is done; a turn whose commit fails is thrown away.</item>
/// <item>Of the rows that it touches it knows all but the bodies, and what they say of rights where that is long. A body is read only for who
/// needs it, and while it, or what is said of rights, is held there is room for it in <see cref="WorkMemory"/>. What finds no room is refused,
/// and with a write what follows in its request.</item>
/// </list>
/// </summary>
internal sealed class Turn
{
    /// <summary>Rows of the index of principals that one step of a deletion, of a purge or of an undo writes; but for a single object, which goes whatever it names.</summary>
    public const int MaxIndexed = 5_000;

    private const int MaxUploads = 20;

    // Of the index of principals, roughly.
    private const long BytesAGrant = 200;

    // Objects that a group which is deleted is taken out of with it.
    private const int MaxTidied = 100;
    private const int ExpiredAtOnce = 1_000;

    // Records, and bytes of these, that one step puts into indexes.
    private const int IndexedAtOnce = 500;
    private const long IndexedBytes = 1L << 20;

    // Bodies that are read before it is known how long they are.
    private const int FewBodies = 4;

    // From here on a patch is work for one of the places.
    private const int LargeBytes = 256 << 10;

    // And to read what a bucket or a collection says of data, which takes some hundred times longer.
    private const int LongRuleBytes = 8 << 10;

    private readonly BucketHeads start;
    private readonly OperationReader reader;
    private readonly IBucketStore store;
    private readonly BucketOptions options;
    private readonly TimeProvider time;
    private readonly OwnerWork work;
    private readonly TurnMemory memory;
    private readonly Dictionary<RecordKey, StoredRecord?> loaded = [];

    // Null where nothing is limited.
    private readonly TurnQuota? quota;

    // Objects that were changed in this turn and then asked what they say of data, as many as there may be of one.
    private readonly Dictionary<ObjectRef, KnownRule> changedRules = [];
    private long changedBytes;

    // Of the request that is being executed.
    private JudgedWork judged = new();

    public Turn(BucketHeads start, OperationReader reader, IBucketStore store, BucketOptions options, TimeProvider time, OwnerWork work, TurnMemory memory)
    {
        (this.work, this.memory) = (work, memory);
        this.start = start;
        this.reader = reader;
        this.store = store;
        this.options = options;
        this.time = time;
        Draft = new BucketDraft(start, reader.Rule, time, start.Id.Kind == BucketKind.Kinto ? work.History : null);
        quota = work.Quotas is { } quotas && start.Id.Kind == BucketKind.Kinto ? new TurnQuota(quotas, start, Draft) : null;
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

        if (start[ListRef.Groups].Exists)
        {
            var strangers = requests.Where(request => reader.NeedsGroups(request, start));
            await reader.Memberships.PreloadAsync(strangers.Select(static request => request.Caller), start, cancellationToken);
        }

        var (users, whole) = (new Dictionary<RecordKey, string>(), new HashSet<RecordKey>());
        Collect(requests, users, whole);

        // :: Step 1: of few the bodies, of the others nothing that can be long. Begun together, so that a store that gathers reads gathers these.
        var few = whole.Count > FewBodies ? [] : whole;
        var bodies = ReadAsync(few, Projection.Whole, cancellationToken);
        var outlines = ReadAsync(few.Count == 0 ? users.Keys : [.. users.Keys.Where(key => !few.Contains(key))], Projection.Outline, cancellationToken);
        Load(await bodies);
        Load(await outlines);

        // :: Step 2: room for what was read, and for what is long.
        List<RecordKey> more = [], lengthy = [];
        Hold(users, whole, few, more, lengthy);

        // :: Step 3: what there is room for.
        Load(await ReadAsync(more, Projection.Whole, cancellationToken));
        Load(await ReadAsync(lengthy, Projection.Metadata, cancellationToken));
    }

    private ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(IReadOnlyCollection<RecordKey> wanted, Projection projection, CancellationToken cancellationToken) =>
        wanted.Count == 0 ? new(NoRows) : store.ReadAsync(start.Key, wanted, projection, cancellationToken);

    /// <summary>Notes the rows that operations will look at, for whom, and of which the bodies are needed.</summary>
    private void Collect(IReadOnlyList<BucketRequest> requests, Dictionary<RecordKey, string> users, HashSet<RecordKey> whole)
    {
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
                            Want(new RecordKey(list.Key, change.Id), request.Caller, change.Body is null);
                        }
                    }
                }
                else if (TargetOf(operation) is { } target && start[target.List] is { Exists: true } head)
                {
                    Want(new RecordKey(head.Key, target.Id), request.Caller, operation is PatchRecord or PutRecord { Body: null });
                }
            }
        }

        void Want(RecordKey key, Caller caller, bool isWhole)
        {
            loaded.TryAdd(key, null);
            users.TryAdd(key, UserOf(caller));
            if (isWhole)
            {
                whole.Add(key);
            }
        }
    }

    /// <summary>Takes room for rows that were read, and finds out of which more is to be read, and fits.</summary>
    private void Hold(Dictionary<RecordKey, string> users, HashSet<RecordKey> whole, HashSet<RecordKey> few, List<RecordKey> more, List<RecordKey> lengthy)
    {
        var bytes = 0L;
        foreach (var (key, user) in users)
        {
            if (loaded[key] is not { } row)
            {
                continue;
            }

            var isWhole = whole.Contains(key) && !row.IsTombstone;
            var size = isWhole ? row.Size : row.AclLength;
            if (size == 0)
            {
                continue;
            }

            // The result of a patch will be about the same size.
            var isRead = few.Contains(key) || (!isWhole && row.UnreadAclLength is null);
            if ((!isRead && bytes >= options.MaxTurnBytes / 2) || !memory.TryHold(user, size))
            {
                loaded[key] = row with { Body = default, UnreadLength = row.Length, Acl = default(ReadOnlyMemory<byte>?), UnreadAclLength = row.AclLength == 0 ? null : row.AclLength };
                continue;
            }

            memory.Count(row.AclLength);
            if (!isRead)
            {
                (isWhole ? more : lengthy).Add(key);
                bytes += size;
            }
        }
    }

    public async ValueTask<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken)
    {
        Draft.BeginRequest();
        judged = new JudgedWork();
        var outcomes = new Outcome[request.Operations.Count];
        var isFull = false;
        var caller = request.Caller;
        if (caller.Access == BucketAccess.ByAcl && caller.Principals.Foreign is null)
        {
            // In a turn no other bucket is asked.
            var isKnown = AccessRule.IsOwner(caller, Heads) || reader.Memberships.Knows(caller, Heads);
            caller = caller with { Principals = caller.Principals with { Foreign = isKnown ? ForeignGroups.None : ForeignGroups.Unknown } };
        }

        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = isFull ? Unavailable.Overloaded : await ExecuteAsync(request.Operations[i], caller, cancellationToken);

            // A read that was put off leaves nothing undone that others may rest on.
            isFull = isFull || (request.Operations[i].IsWrite && ReferenceEquals(outcomes[i], Unavailable.Overloaded));
        }

        return new BucketResponse(outcomes);
    }

    /// <summary>Does what follows from all requests together. To be called once, behind the last one.</summary>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (Draft.History is { Written.Count: > 0 })
        {
            await new HistoryTrim(store, options.History, start).RunAsync(Draft, 8 * options.MaxTurnBytes, cancellationToken);
        }
    }

    private async ValueTask<Outcome> ExecuteAsync(Operation operation, Caller caller, CancellationToken cancellationToken)
    {
        if (!operation.IsWrite)
        {
            var (read, version) = await reader.ReadAsync(operation, caller, Heads, Draft.Overlay, cancellationToken);
            IsStale |= version > Heads.Version;
            memory.Count(read is RecordFound found ? found.Record.Size : read is PageFound page ? page.Records.Sum(static record => (long)record.Size) : 0);
            return read;
        }

        if (TargetOf(operation) is { } target && !await TryLoadAclAsync(target, caller, cancellationToken))
        {
            return Unavailable.Overloaded;
        }

        if (await AdmitAsync(operation, caller, cancellationToken) is not { } admitted)
        {
            return OperationReader.IsUnknown(caller) ? Unavailable.StoreFailed : Forbidden.Instance;
        }

        caller = admitted;
        if (LeadsTooFar())
        {
            return Unavailable.ClockAhead;
        }

        Draft.History?.Caller = caller;
        var grants = Draft.Overlay.Grants.Count;
        var outcome = operation switch
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
            BuildFieldIndexes build => await BuildAsync(build.List, cancellationToken),
            _ => throw new InvalidOperationException($"Unknown operation {operation.GetType().Name}."),
        };
        memory.Count((BytesAGrant * (Draft.Overlay.Grants.Count - grants)) + (Draft.History?.TakeBytes() ?? 0));
        return Shown(operation, caller, outcome);
    }

    /// <summary>What an answer says of who may do what is for those who may say it.</summary>
    private Outcome Shown(Operation operation, Caller caller, Outcome outcome) => outcome switch
    {
        RecordWritten written => written with { Record = reader.Shown(written.Record, TargetOf(operation)!.Value.List, caller, Heads) },
        RecordKept kept => kept with { Record = reader.Shown(kept.Record, TargetOf(operation)!.Value.List, caller, Heads) },
        _ => outcome,
    };

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

        return await WriteAsync(
            put.Target, body ?? RecordData.EmptyObject, put.Hint, existing, put.Access, caller, cancellationToken, keepsData: put.Body is null && live is not null);
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
            return await WriteAsync(target, create.Body, create.Hint, existing, create.Access, caller, cancellationToken);
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

        if (data is null)
        {
            return invalid!;
        }

        var keepsData = existing is { IsTombstone: false } && data.Body.Span.SequenceEqual(whole.Body.Span);
        var outcome = await WriteAsync(patch.Target, data.Body, Hint(data.LastModified), existing, patch.Access, caller, cancellationToken, keepsData);
        return outcome is RecordWritten written
            ? written with { Previous = patch.ReturnsPrevious && existing is { IsTombstone: false } ? whole : null }
            : outcome;
    }

    /// <summary>Writes an object with what it says of rights, unless that cannot be. Data that stays as it is, is not judged again.</summary>
    private async ValueTask<Outcome> WriteAsync(
        ObjectRef target, ReadOnlyMemory<byte> body, ServerTimestamp? hint, StoredRecord? existing, AccessChange? change, Caller caller, CancellationToken cancellationToken,
        bool keepsData = false)
    {
        var sent = body.Length;
        if (!keepsData && work.Rules is { } rules && Heads.Id.Kind == BucketKind.Kinto)
        {
            if (await JudgeAsync(rules, target, body, caller, cancellationToken) is not { } verdict)
            {
                return Unavailable.Overloaded;
            }

            if (verdict.Refusal is { } invalid)
            {
                return invalid;
            }

            body = verdict.Data;
        }

        var declared = target.List.Role == ListRole.Collections && !keepsData && Heads.Id.Kind == BucketKind.Kinto ? work.Declarations?.Read(body) : null;
        if (declared?.Refusal is { } undeclarable)
        {
            return undeclarable;
        }

        var live = existing is { IsTombstone: false };

        // What is no larger as it was sent is taken, though a rule has added something to it.
        var length = live && sent <= existing!.Length ? Math.Min(sent, body.Length) : body.Length;
        if (quota?.Refuse(target, length, live ? existing : null, caller.Principals.User, TellsBucket(caller)) is { } over)
        {
            return over;
        }

        var isOwner = AccessRule.IsOwner(caller, Heads);
        var role = target.List.Role;
        if (change is null && role != ListRole.Groups && (live || isOwner || (role == ListRole.Self && reader.Rule.Options.AuthorsMayWrite && caller.Principals.User is not null)))
        {
            return WithQuota(Declared(Draft.Write(target, body, hint, existing, caller), declared), target.List, caller);
        }

        var (access, refusal) = await AccessOfAsync(target, body, existing, change, caller, isOwner, cancellationToken);
        return refusal ?? WithQuota(Declared(Draft.Write(target, body, hint, existing, caller, access), declared), target.List, caller);
    }

    /// <summary>Has fields indexed as a collection that was written says.</summary>
    private RecordWritten Declared(RecordWritten written, FieldDeclaration? declared)
    {
        if (declared is not null)
        {
            Draft.DeclareIndexes(ListRef.RecordsOf(written.Record.Id), declared.Paths);
        }

        return written;
    }

    private RecordWritten WithQuota(RecordWritten written, ListRef list, Caller caller) =>
        quota is null ? written : written with { QuotaLeft = quota.Left(list, caller.Principals.User, TellsBucket(caller)) };

    /// <summary>Whether the caller may hear what the whole bucket holds: who may see all that is in it.</summary>
    private bool TellsBucket(Caller caller) =>
        !Heads.Exists || AccessRule.IsOwner(caller, Heads) || reader.Rule.Decide(caller, AccessNeed.ReadList, ObjectRef.Bucket, Heads, record: null);

    /// <summary>Judges data by what its collection and its bucket say as this turn has them, and what these say themselves.</summary>
    /// <returns>Null when no place came free, or somebody else has written meanwhile.</returns>
    private async ValueTask<DataVerdict?> JudgeAsync(
        DataRuleCache rules, ObjectRef target, ReadOnlyMemory<byte> body, Caller caller, CancellationToken cancellationToken)
    {
        var role = target.List.Role;
        if (role is ListRole.Self or ListRole.Collections)
        {
            var (hasPlace, refusal) = await InPlaceAsync(body.Length, caller, () => rules.Rules.Refuse(role, body, rules.MaxSize, cancellationToken), cancellationToken);
            if (!hasPlace || refusal is not null)
            {
                return hasPlace ? new DataVerdict(refusal, body) : null;
            }
        }

        var verdict = new DataVerdict(null, body);
        if (role == ListRole.Self)
        {
            return verdict;
        }

        if (role == ListRole.Records)
        {
            var collection = ObjectRef.Collection(target.List.Name);
            if (!Heads[target.List].Exists)
            {
                // It comes into being with its first record.
                var implied = await JudgeByAsync(rules, ObjectRef.Bucket, collection, RecordData.EmptyObject, caller, cancellationToken);
                if (implied is not { Refusal: null })
                {
                    return implied;
                }
            }

            verdict = await JudgeByAsync(rules, collection, target, body, caller, cancellationToken);
        }

        return verdict is { Refusal: null } ? await JudgeByAsync(rules, ObjectRef.Bucket, target, verdict.Data, caller, cancellationToken) : verdict;
    }

    private async ValueTask<DataVerdict?> JudgeByAsync(
        DataRuleCache rules, ObjectRef of, ObjectRef target, ReadOnlyMemory<byte> body, Caller caller, CancellationToken cancellationToken)
    {
        if (await RuleOfAsync(rules, of, caller, cancellationToken) is not { } known)
        {
            return null;
        }

        if (known.Rule is not { } rule)
        {
            return new DataVerdict(null, body);
        }

        if (body.Length < LargeBytes && rule.Judge(target, body, known.Said, briefly: true, judged, cancellationToken) is { } brief)
        {
            return brief;
        }

        var user = UserOf(caller);
        if (!await work.Processors.TryEnterAsync(user, cancellationToken))
        {
            return null;
        }

        var (weight, hasRoom) = (JsonWeight.Of(body.Span), false);
        try
        {
            hasRoom = work.Memory.TryHold(user, weight, memory.HeldFor(user));
            return hasRoom ? rule.Judge(target, body, known.Said, briefly: false, judged, cancellationToken) : null;
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

    /// <returns>What an object says, changes of this turn among it; null when no place came free, or somebody else has written meanwhile.</returns>
    private async ValueTask<KnownRule?> RuleOfAsync(DataRuleCache rules, ObjectRef of, Caller caller, CancellationToken cancellationToken)
    {
        var head = Heads[of.List];
        if (!head.Exists)
        {
            return KnownRule.Nothing;
        }

        if (Draft.Overlay.TryGet(head.Key, of.Id, out var changed))
        {
            if (!changedRules.TryGetValue(of, out var said) || said.Said != changed.Modified)
            {
                said = await ReadAsync(rules, of, changed, caller, cancellationToken);
                KeepChanged(rules, of, said);
            }

            return said;
        }

        if (start[of.List].Key != head.Key)
        {
            return KnownRule.Nothing;
        }

        if (rules.TryGet(start, of, out var known))
        {
            return known;
        }

        var row = await reader.FindAsync(of, Heads, Draft.Overlay, cancellationToken);
        memory.Count(row?.Size ?? 0);
        if (row?.Modified > start[of.List].RowsModified)
        {
            // The turn is thrown away, and whatever it answers with it.
            IsStale = true;
            return null;
        }

        known = await ReadAsync(rules, of, row, caller, cancellationToken);
        if (known is not null)
        {
            rules.Remember(start, of, known);
        }

        return known;
    }

    private void KeepChanged(DataRuleCache rules, ObjectRef of, KnownRule? known)
    {
        changedBytes -= changedRules.Remove(of, out var former) ? former.Size : 0;
        if (known is null)
        {
            return;
        }

        if (changedBytes + known.Size > rules.MaxSize)
        {
            changedRules.Clear();
            changedBytes = 0;
        }

        changedRules[of] = known;
        changedBytes += known.Size;
    }

    /// <returns>Null when no place came free.</returns>
    private async ValueTask<KnownRule?> ReadAsync(DataRuleCache rules, ObjectRef of, StoredRecord? row, Caller caller, CancellationToken cancellationToken)
    {
        if (row is not { IsTombstone: false })
        {
            return KnownRule.Nothing;
        }

        var (hasPlace, rule) = await InPlaceAsync(row.Length, caller, () => rules.Rules.Read(of.List.Role, row.Body, rules.MaxSize, cancellationToken), cancellationToken);
        return hasPlace ? new KnownRule(rule, row.Modified) : null;
    }

    /// <summary>Reads what an object says of data, in one of the places where that is long.</summary>
    /// <returns>What was read, unless no place came free.</returns>
    private async ValueTask<(bool HasPlace, T? Read)> InPlaceAsync<T>(long length, Caller caller, Func<T?> read, CancellationToken cancellationToken)
        where T : class
    {
        if (length < LongRuleBytes)
        {
            return (true, read());
        }

        if (!await work.Processors.TryEnterAsync(UserOf(caller), cancellationToken))
        {
            return (false, null);
        }

        try
        {
            return (true, read());
        }
        finally
        {
            work.Processors.Leave();
        }
    }

    private async ValueTask<(AccessUpdate? Access, Outcome? Refusal)> AccessOfAsync(
        ObjectRef target, ReadOnlyMemory<byte> body, StoredRecord? existing, AccessChange? change, Caller caller, bool isOwner, CancellationToken cancellationToken)
    {
        var (role, options) = (target.List.Role, reader.Rule.Options);
        var live = existing is { IsTombstone: false };
        var self = caller.Principals.User is null ? PrincipalText.Everyone : caller.Principals.Stored;
        var writes = options.AuthorsMayWrite || caller.Access == BucketAccess.Own;

        // :: Step 1: what it says before, with those who made it.
        var kept = AccessList.Read(existing?.Acl);
        var makes = role == ListRole.Self && !live;
        var author = makes ? (writes && caller.Principals.User is not null ? self : null) : AccessRule.AuthorOf(Heads);
        var before = live
            ? role == ListRole.Self ? WithWriter(kept ?? AccessList.Empty, author) : kept ?? WithWriter(AccessList.Empty, author)
            : writes ? WithWriter(AccessList.Empty, isOwner ? author ?? self : self) : AccessList.Empty;

        // :: Step 2: what it says afterwards. Whoever says something of it goes on to be one who may.
        var after = before;
        if (change is { Edits.Count: > 0 })
        {
            if (change.ApplyTo(before, NamedAt) is not { } changed)
            {
                return (null, new Invalid("body", "permissions", "JSON Patch operation failed: a principal that it needs is not there"));
            }

            after = writes && (caller.Principals.User is not null || !live) ? WithWriter(changed, self) : changed;
        }

        if (after.Length > options.MaxPrincipals && after.Length > before.Length)
        {
            return (null, new Invalid("body", "permissions", $"An object may name {options.MaxPrincipals} principals."));
        }

        // :: Step 3: a bucket's author is not in its list. A writer who takes the author out of the writers becomes the author.
        var next = default(Caller?);
        if (role == ListRole.Self)
        {
            if (live && author is not null && !after[Right.Write].Contains(author, StringComparer.Ordinal) && caller.Principals.User is not null)
            {
                (next, author) = (caller, self);
            }

            after = after.With(Right.Write, after[Right.Write].Where(principal => !string.Equals(principal, author, StringComparison.Ordinal)))
                .WithForeignGroups(Heads.Acl?.ForeignGroups ?? []).WithHorizon(Heads.Acl?.Horizon ?? ServerTimestamp.Zero);
        }

        // :: Step 4: members.
        if (role == ListRole.Groups)
        {
            var members = GroupMembers.Read(body, out var fault);
            if (fault is not null || members.Count > options.MaxGroupMembers)
            {
                return (null, new Invalid("body", "data.members", fault ?? $"A group may have {options.MaxGroupMembers} members."));
            }

            var known = (kept?.Members ?? []).Concat(change?.Accounts ?? []).GroupBy(PrincipalText.Public, StringComparer.Ordinal)
                .ToDictionary(static names => names.Key, static names => names.Last(), StringComparer.Ordinal);
            var since = existing is { IsTombstone: true } ? existing.Modified : kept?.Since ?? Heads[ListRef.Groups].Horizon;
            after = after.WithMembers([.. members.Select(member => known.GetValueOrDefault(member, member))], since);
        }
        else if (role != ListRole.Self && after.Equals(WithWriter(AccessList.Empty, AccessRule.AuthorOf(Heads))))
        {
            after = null;
        }

        // :: Step 5: bounds of what the owner keeps in memory and asks others for.
        var foreign = (after?.Indexed() ?? NoPrincipals).Where(IsForeign).Except(Heads.Acl?.ForeignGroups ?? [], StringComparer.Ordinal).ToList();
        if (foreign.Count > 0)
        {
            var named = Heads.Acl?.ForeignGroups ?? [];
            if (named.Count + foreign.Count > options.MaxForeignGroups)
            {
                named = await StillNamedAsync(named, cancellationToken);
                if (named.Count + foreign.Count > options.MaxForeignGroups)
                {
                    return (null, new Invalid("body", "permissions", $"The objects of a bucket may name {options.MaxForeignGroups} groups of other buckets together."));
                }
            }

            after = role == ListRole.Self ? after!.WithForeignGroups([.. named, .. foreign]) : after;
            Draft.Name([.. named, .. foreign]);
        }

        if (role is ListRole.Self or ListRole.Collections && after is not null && after.Size > (kept?.Size ?? 0)
            && Heads.Lists.Values.Sum(static head => (long)(head.Acl?.Size ?? 0)) + after.Size - (kept?.Size ?? 0) > options.MaxBytes)
        {
            return (null, new TooLarge($"What a bucket and its collections say of rights may take {options.MaxBytes} bytes together."));
        }

        return (new AccessUpdate(role == ListRole.Self && after is { NamesNobody: true, ForeignGroups.Count: 0 } && after.Horizon == ServerTimestamp.Zero ? null : after)
        {
            Author = next,
            HasAuthor = author is not null,
        }, null);
    }

    private static readonly IReadOnlySet<string> NoPrincipals = new HashSet<string>(StringComparer.Ordinal);

    private static AccessList WithWriter(AccessList list, string? writer) =>
        writer is null || list[Right.Write].Contains(writer, StringComparer.Ordinal) ? list : list.With(Right.Write, [writer, .. list[Right.Write]]);

    /// <summary>
    /// From when on a group is named. A group of another bucket goes by that bucket's clock: this one's may lead, and who is named with a
    /// stamp to come would also mean a group that is made once the named one is gone.
    /// </summary>
    private ServerTimestamp NamedAt(string group) =>
        IsForeign(group) && ServerTimestamp.Now(time) is var now && now < Draft.Upcoming ? now : Draft.Upcoming;

    private bool IsForeign(string principal) => PrincipalText.TryReadGroup(principal, out var bucket, out _) && BucketId.Named(bucket) != Heads.Id;

    private async ValueTask<IReadOnlyList<string>> StillNamedAsync(IReadOnlyList<string> groups, CancellationToken cancellationToken)
    {
        var still = new HashSet<string>(StringComparer.Ordinal);
        foreach (var relation in new[] { GrantRelation.Named, GrantRelation.NamedWidely, GrantRelation.NamedByBucket })
        {
            if (Heads.Row != 0)
            {
                var stored = await store.ReadGrantsAsync(new GrantScan([Heads.Id], relation, groups, int.MaxValue), cancellationToken);
                still.UnionWith(stored.Where(grant => !Draft.Overlay.Grants.ContainsKey(grant.Key)).Select(static grant => grant.Key.Principal));
            }

            still.UnionWith(groups.Where(group => Draft.Overlay.Grants.Of(relation, group).Any(static grant => grant.Value is not null)));
        }

        return [.. still.Where(IsForeign)];
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

        if (await RefusalAsync(delete.Target, delete.Precondition, live, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var tombstone = Draft.Remove(delete.Target, delete.Hint, live);
        await TidyAsync(delete.Target.List.Role == ListRole.Groups ? [delete.Target.Id] : [], caller, cancellationToken);
        return new RecordDeleted(tombstone);
    }

    /// <summary>
    /// Takes groups that are gone out of what the bucket's objects say, as many as one turn has room for. What is left lets nobody in: it
    /// names groups from before their deletion.
    /// </summary>
    private async ValueTask TidyAsync(IReadOnlyList<string> gone, Caller caller, CancellationToken cancellationToken)
    {
        if (gone.Count == 0 || Heads.Row == 0)
        {
            return;
        }

        // :: Step 1: what names them.
        var groups = gone.Select(id => PrincipalText.GroupOf(Heads.Id.Name, id)).ToHashSet(StringComparer.Ordinal);
        var keys = new HashSet<RecordKey>();
        foreach (var relation in new[] { GrantRelation.NamedByBucket, GrantRelation.Named, GrantRelation.NamedWidely })
        {
            var named = await store.ReadGrantsAsync(new GrantScan([Heads.Id], relation, groups, MaxTidied), cancellationToken);
            keys.UnionWith(named.Where(grant => !Draft.Overlay.Grants.ContainsKey(grant.Key)).Select(static grant => new RecordKey(grant.Key.List, grant.Key.Id)));
            keys.UnionWith(groups.SelectMany(group => Draft.Overlay.Grants.Of(relation, group)).Where(static grant => grant.Value is not null)
                .Select(static grant => new RecordKey(grant.Key.List, grant.Key.Id)));
        }

        // :: Step 2: their rows, as far as there is room.
        var lists = Heads.Lists.Values.Where(static head => head.Exists).ToDictionary(static head => head.Key, static head => head.List);
        var found = keys.Where(key => lists.ContainsKey(key.List)).Take(MaxTidied).ToList();
        var unread = found.FindAll(key => !Draft.Overlay.TryGet(key.List, key.Id, out _));
        var unknown = unread.FindAll(key => !loaded.ContainsKey(key));
        Load(unknown.Count == 0 ? NoRows : await store.ReadAsync(start.Key, unknown, Projection.Outline, cancellationToken));
        var wanted = unread.FindAll(key => loaded.GetValueOrDefault(key) is { IsTombstone: false, UnreadLength: not null } row && memory.Bytes < options.MaxTurnBytes && TryHold(row));
        Load(wanted.Count == 0 ? NoRows : await store.ReadAsync(start.Key, wanted, Projection.Whole, cancellationToken));

        // :: Step 3: what they say.
        foreach (var key in found)
        {
            if ((Draft.Overlay.TryGet(key.List, key.Id, out var row) || loaded.TryGetValue(key, out row)) && row is { IsTombstone: false, UnreadLength: null, UnreadAclLength: null })
            {
                Draft.Forget(new ObjectRef(lists[key.List], key.Id), row, groups);
            }
        }

        bool TryHold(StoredRecord row)
        {
            memory.Count(row.Size);
            return memory.TryHold(UserOf(caller), row.Size);
        }
    }

    private async ValueTask<Outcome> DeleteManyAsync(DeleteRecords deletes, Caller caller, CancellationToken cancellationToken)
    {
        var head = Heads[deletes.List];
        if (!reader.Rule.Decide(caller, AccessNeed.WriteList, new ObjectRef(deletes.List, ""), Heads, record: null))
        {
            return await DeletePartlyAsync(deletes, caller, cancellationToken);
        }

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
        outcome = Affordable(outcome, deletes.List, query, cancellationToken);
        if (deletes.Query.Deleted == true || outcome is not PageFound page)
        {
            return outcome is PageFound ? new RecordsDeleted([], head.RowsModified, Next: null) : outcome;
        }

        var tombstones = page.Records
            .Select(record => Draft.Remove(new ObjectRef(deletes.List, record.Id), hint: null, record))
            .ToList();
        await TidyAsync(deletes.List.Role == ListRole.Groups ? tombstones.ConvertAll(static tombstone => tombstone.Id) : [], caller, cancellationToken);
        if (!Heads.Rules.Tombstones)
        {
            Draft.Touch(deletes.List, caller);
        }

        if (deletes.List.Role == ListRole.History && tombstones.Count > 0)
        {
            Draft.History?.Forget();
        }

        return new RecordsDeleted(tombstones, Heads[deletes.List].Stamp(Heads.Rules), page.Next);
    }

    /// <summary>The page as far as one commit takes it: of each object the rows of the index are written anew for all whom it names, and those of its entry in the history.</summary>
    /// <returns>Where it was too much, a page that ends earlier and says where to go on; or why that cannot be said.</returns>
    private Outcome Affordable(Outcome outcome, ListRef list, ListQuery query, CancellationToken cancellationToken) =>
        outcome is PageFound page && Affordable(page.Records, list) is var few && few < page.Records.Count
            ? RecordSelection.Page(page.Records, query with { Limit = few, Fields = [] }, page.ListStamp, cancellationToken)
            : outcome;

    /// <returns>How many of the first ones, at least one.</returns>
    private int Affordable(IReadOnlyList<StoredRecord> records, ListRef list)
    {
        for (var (count, rows) = (0, 0); count < records.Count; count++)
        {
            rows += BucketDraft.IndexedBy(list.Role, records[count]) + (Draft.History?.IndexedBy(new ObjectRef(list, records[count].Id), records[count]) ?? 0);
            if (rows > MaxIndexed && count > 0)
            {
                return count;
            }
        }

        return records.Count;
    }

    /// <summary>Deletes what the caller may of a list that is not theirs to empty.</summary>
    private async ValueTask<Outcome> DeletePartlyAsync(DeleteRecords deletes, Caller caller, CancellationToken cancellationToken)
    {
        var query = deletes.Query with
        {
            Deleted = false,
            Since = null,
            After = deletes.Query.LowerBound,
            Projection = deletes.Query.Order == ListOrder.Fields ? Projection.Whole : Projection.Metadata,
        };
        var list = new ListRecords(deletes.List, query) { Precondition = deletes.Precondition };
        var (outcome, version) = await reader.ListPartlyAsync(list, AccessNeed.WriteObject, caller, Heads, Draft.Overlay, cancellationToken);
        IsStale |= version > Heads.Version;
        if (outcome is NotModified same)
        {
            return new PreconditionFailed(Existing: null, same.Stamp);
        }

        outcome = Affordable(outcome, deletes.List, query, cancellationToken);
        if (outcome is not PageFound page)
        {
            return outcome;
        }

        var gone = deletes.Query.Deleted == true ? [] : page.Records.Select(record => Draft.Remove(new ObjectRef(deletes.List, record.Id), hint: null, record)).ToList();
        await TidyAsync(deletes.List.Role == ListRole.Groups ? gone.ConvertAll(static tombstone => tombstone.Id) : [], caller, cancellationToken);
        var stamp = gone.Select(static tombstone => tombstone.Modified).Append(page.ListStamp).Max();
        return new RecordsDeleted(gone, stamp, deletes.Query.Deleted == true ? null : page.Next);
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

        return new RecordsMerged(stamp, merge.Quota == long.MaxValue ? long.MaxValue : Math.Max(0, merge.Quota - Heads.Bytes));
    }

    /// <summary>Whether the bucket would hold no more than it may, or less than it does.</summary>
    private async ValueTask<bool> FitsAsync(ListRef list, IReadOnlyList<RecordChange> changes, long quota, CancellationToken cancellationToken)
    {
        if (quota == long.MaxValue)
        {
            return true;
        }

        // Of records that several changes are about: one that ends its record leaves nothing to the next.
        var changed = new Dictionary<string, (int Length, bool IsAlive)>(StringComparer.Ordinal);
        long more = 0;
        foreach (var change in changes)
        {
            var existing = await FindAsync(new ObjectRef(list, change.Id), cancellationToken);
            var (counted, isAlive) = changed.TryGetValue(change.Id, out var former)
                ? former
                : (existing is { IsTombstone: false } ? existing.Length : 0, Live(existing) is not null);
            var length = change.Body?.Length ?? (isAlive ? counted : 0);
            changed[change.Id] = (length, change.Lifetime is not <= 0);
            more += length - counted;
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
        var scan = new RecordScan(Heads.Key, head.Key, ListReader.Beneath(query, Draft.Overlay.RowsOf(head.Key)), purge.Limit, options.MaxTurnBytes);
        var rows = await store.ScanAsync(scan, cancellationToken);
        var purged = rows.Records.Take(Affordable(rows.Records, purge.List)).ToList();
        if (purged.Count > 0)
        {
            Draft.Purge(head, purged);
        }

        return new CountFound(purged.Count, head.RowsModified);
    }

    /// <summary>A step of building indexes. It is short, so that it needs no place.</summary>
    private async ValueTask<Outcome> BuildAsync(ListRef list, CancellationToken cancellationToken)
    {
        var head = Heads[list];
        if (!head.Exists || start[list].Key != head.Key)
        {
            return new CountFound(0, head.RowsModified);
        }

        if (head.Indexes.Any(static index => !index.IsInStep))
        {
            Draft.RestartIndexes(list);
            head = Heads[list];
        }

        var unfinished = head.Indexes.Where(static index => !index.IsWhole).ToList();
        if (unfinished.Count == 0)
        {
            return new CountFound(0, head.RowsModified);
        }

        var from = unfinished.Select(static index => index.BuiltTo).Min(StringComparer.Ordinal)!;
        var query = new ListQuery
        {
            Sort = [new SortField("id", Descending: false)],
            Cursor = from.Length == 0 ? null : new PageCursor(ServerTimestamp.Zero, from, PageCursor.Unbounded),
            Projection = Projection.Listed,
            Limit = IndexedAtOnce,
        };

        // All steps together read along the ids once; of few records each reads all.
        var live = head.Count <= 2 * IndexedAtOnce ? head.Count : long.MaxValue;
        var rows = await store.ScanAsync(new RecordScan(Heads.Key, head.Key, query, IndexedAtOnce, IndexedBytes) { LiveRows = live }, cancellationToken);
        if (rows.Head is null)
        {
            // Somebody else has written meanwhile.
            IsStale = true;
            return Unavailable.Overloaded;
        }

        Draft.Build(list, unfinished.FindAll(index => index.BuiltTo == from), rows.Records, rows.More);
        return new CountFound(rows.Records.Count, head.RowsModified);
    }

    private async ValueTask<StoredRecord?> FindAsync(ObjectRef target, CancellationToken cancellationToken)
    {
        var head = Heads[target.List];
        if (head.Exists && !Draft.Overlay.TryGet(head.Key, target.Id, out _)
            && loaded.TryGetValue(new RecordKey(head.Key, target.Id), out var record))
        {
            return record?.UnreadAclLength is null ? record : throw new InvalidOperationException("What the row says of rights was not read.");
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

    /// <summary>Reads what a row says of rights where that is long and was not read yet.</summary>
    /// <returns>False when there is no room for it.</returns>
    private ValueTask<bool> TryLoadAclAsync(ObjectRef target, Caller caller, CancellationToken cancellationToken)
    {
        var key = new RecordKey(Heads[target.List].Key, target.Id);
        return Draft.Overlay.TryGet(key.List, key.Id, out _) || loaded.GetValueOrDefault(key) is not { UnreadAclLength: { } length } row
            ? new(true)
            : TryLoadAclAsync(key, row, length, caller, cancellationToken);
    }

    private async ValueTask<bool> TryLoadAclAsync(RecordKey key, StoredRecord row, int length, Caller caller, CancellationToken cancellationToken)
    {
        if (!memory.TryHold(UserOf(caller), length))
        {
            return false;
        }

        memory.Count(length);
        Load(await store.ReadAsync(start.Key, [key], Projection.Metadata, cancellationToken));

        // What somebody else has written meanwhile is another version: the turn is thrown away, and whatever it answers with it.
        IsStale |= loaded[key] is not { UnreadAclLength: null } read || read.Modified != row.Modified;
        return !IsStale;
    }

    /// <summary>The record with its body, for what is made of it or an answer that shows it.</summary>
    /// <returns>Null when there is no room for it.</returns>
    private async ValueTask<StoredRecord?> WholeAsync(ObjectRef target, StoredRecord record, Caller caller, CancellationToken cancellationToken)
    {
        memory.Count(record.Size);
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
                return new PreconditionFailed(
                    Existing: null,
                    precondition.Scope != PreconditionScope.Record || reader.Rule.Decide(caller, AccessNeed.ReadList, new ObjectRef(target.List, ""), Heads, record: null) ? stamp : ServerTimestamp.Zero);
            }

            if (!reader.Rule.Decide(caller, AccessNeed.ReadObject, target, Heads, live))
            {
                // That it is there is all that they are told.
                return new PreconditionFailed(Existing: null, ServerTimestamp.Zero);
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
        var lists = Draft.History is null ? Heads.Lists.Count : Heads.Lists.Values.Count(static head => head.List.Role != ListRole.Former);
        return Heads[ListRef.Collections].Count >= options.MaxCollections || (!known && lists >= 2 * options.MaxCollections)
            ? new TooLarge($"A bucket holds at most {options.MaxCollections} collections, and remembers as many deleted ones.")
            : null;
    }

    /// <returns>The caller, with their groups where these were asked for; null when they may not.</returns>
    private async ValueTask<Caller?> AdmitAsync(Operation operation, Caller caller, CancellationToken cancellationToken)
    {
        if (Heads.Id.Kind == BucketKind.Unknown)
        {
            return null;
        }

        if (caller.Access == BucketAccess.System)
        {
            return operation is DeleteRecord { Target.List.Role: ListRole.Self } or PurgeTombstones or ExpireRecords or BuildFieldIndexes
                && (caller.Principals.User is null || caller.Principals.Contains(Heads.Author)) ? caller : null;
        }

        if (AccessRule.IsOwner(caller, Heads))
        {
            return caller;
        }

        if (operation is DeleteRecords deletes)
        {
            // With nothing of it that they may delete they are refused there.
            return reader.Rule.Decide(caller, AccessNeed.WriteList, new ObjectRef(deletes.List, ""), Heads, record: null)
                ? caller
                : (await reader.Memberships.ResolveAsync(caller, Heads, Draft.Overlay, cancellationToken)).Caller;
        }

        if (TargetOf(operation) is not { } target)
        {
            return null;
        }

        var existing = await FindAsync(target, cancellationToken);
        var live = existing is { IsTombstone: false } ? existing : null;
        var need = (operation, live) switch
        {
            (PutRecord put, _) => live is null || IsForNew(put.Precondition) ? AccessNeed.Create : AccessNeed.WriteObject,
            (CreateRecord create, _) => live is null || create.HasGeneratedId ? AccessNeed.Create : AccessNeed.ReadObject,

            // Whoever may see the list may hear that it is not there.
            (_, null) => AccessNeed.ReadList,
            _ => AccessNeed.WriteObject,
        };
        if (reader.Rule.Decide(caller, need, target, Heads, live))
        {
            return caller;
        }

        var known = (await reader.Memberships.ResolveAsync(caller, Heads, Draft.Overlay, cancellationToken, live)).Caller;
        return reader.Rule.Decide(known, need, target, Heads, live) ? known : null;
    }

    private static bool IsForNew(Precondition precondition) =>
        precondition.Scope == PreconditionScope.Record && (precondition.Test == PreconditionTest.MustNotExist || precondition.SecondTest == PreconditionTest.MustNotExist);

    private ParentMissing? ParentRefusal(ListRef list, Caller caller) => OperationReader.MissingParent(list, caller, Heads);

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
