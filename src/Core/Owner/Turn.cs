using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Applies requests, one after the other, to a bucket at one version, and collects their changes in one
/// commit. Invariants:
/// <list type="number">
/// <item>An operation has its whole effect or none: everything that can refuse it is checked before the first
/// change.</item>
/// <item>Nothing here is valid before the commit is done; a turn whose commit fails is discarded.</item>
/// <item>Of the rows that it touches it knows everything except the bodies, and except permissions that are long. A body is read only for an operation that
/// needs it. While a body or long permissions are held, <see cref="WorkMemory"/> has room for them. An operation that finds no room is refused, and if it
/// is a write, so is the rest of its request.</item>
/// </list>
/// This type sets the order of events. Reading ahead, judging, and deciding each kind of operation are types of their own in
/// <c>Turns</c>. Those that most turns do not need are created by the first operation that does.
/// </summary>
internal sealed class Turn
{
    // Approximate size of a row in the index of principals.
    private const long BytesAGrant = 200;

    private readonly BucketHeads start;
    private readonly OperationReader reader;
    private readonly IBucketStore store;
    private readonly BucketOptions options;
    private readonly TimeProvider time;
    private readonly OwnerWork work;
    private readonly TurnMemory memory;
    private readonly TurnRows rows;
    private readonly TurnAdmission admission;

    // Null if no protocol has data rules.
    private readonly TurnDataRules? rules;

    public Turn(BucketHeads start, OperationReader reader, IBucketStore store, BucketOptions options, TimeProvider time, OwnerWork work, TurnMemory memory)
    {
        (this.work, this.memory) = (work, memory);
        this.start = start;
        this.reader = reader;
        this.store = store;
        this.options = options;
        this.time = time;
        Draft = new BucketDraft(start, reader.Rule, time, start.Rules.KeepsHistory ? work.History : null);
        rows = new TurnRows(start, Draft, reader, store, memory);
        admission = new TurnAdmission(Draft, rows, reader, options);
        rules = work.Rules is { } known && start.Rules.HasReadableData ? new TurnDataRules(known, start, Draft, rows, reader, work, memory) : null;
    }

    /// <summary>The turn's changes so far.</summary>
    public BucketDraft Draft { get; }

    /// <inheritdoc cref="TurnRows.IsStale"/>
    public bool IsStale => rows.IsStale;

    private BucketHeads Heads => Draft.Heads;

    private TurnWrites Writes => field ??= new TurnWrites(start, Draft, rows, admission, rules, reader, store, work, memory, time);

    private TurnDeletions Deletions => field ??= new TurnDeletions(start, Draft, rows, admission, reader, store, work.Files, options, memory);

    private TurnUploads Uploads => field ??= new TurnUploads(start, Draft, rows, admission, reader, store, options, memory);

    private TurnExpiry Expiry => field ??= new TurnExpiry(start, Draft, reader, store);

    private TurnMerges Merges => field ??= new TurnMerges(Draft, rows, admission, Uploads, Expiry, memory);

    private TurnIndexes Indexes => field ??= new TurnIndexes(start, Draft, rows, store);

    private TurnFiles? Files => field ??= work.Files is { } names ? new TurnFiles(names, start, Draft, rows, store) : null;

    /// <inheritdoc cref="TurnPreload.RunAsync"/>
    public ValueTask PreloadAsync(IReadOnlyList<BucketRequest> requests, CancellationToken cancellationToken) =>
        start.Row == 0 ? default : new TurnPreload(start, rows, reader, store, work.Files, options, memory).RunAsync(requests, cancellationToken);

    public async ValueTask<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken)
    {
        Draft.BeginRequest();
        rules?.BeginRequest();
        var outcomes = new Outcome[request.Operations.Count];
        var isFull = false;
        var caller = request.Caller;
        if (caller.Access == BucketAccess.ByAcl && caller.Principals.Foreign is null)
        {
            // No other bucket is asked inside a turn.
            var isKnown = AccessRule.IsOwner(caller, Heads) || reader.Memberships.Knows(caller, Heads);
            caller = caller with { Principals = caller.Principals with { Foreign = isKnown ? ForeignGroups.None : ForeignGroups.Unknown } };
        }

        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = isFull ? Unavailable.Overloaded : await ExecuteAsync(request.Operations[i], caller, cancellationToken);

            // A read that was refused for lack of room changes nothing that later operations depend on.
            isFull = isFull || (request.Operations[i].IsWrite && ReferenceEquals(outcomes[i], Unavailable.Overloaded));
        }

        return new BucketResponse(outcomes);
    }

    /// <summary>Does the work that follows from all requests together. To be called once, after the last one.</summary>
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
            rows.IsStale |= version > Heads.Version;
            memory.Count(read is RecordFound found ? found.Record.Size : read is PageFound page ? page.Records.Sum(static record => (long)record.Size) : 0);
            return read;
        }

        if (TurnRows.TargetOf(operation) is { } target && !await rows.TryLoadAclAsync(target, caller, cancellationToken))
        {
            return Unavailable.Overloaded;
        }

        if (await admission.AdmitAsync(operation, caller, cancellationToken) is not { } admitted)
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
            PutRecord put => await Writes.PutAsync(put, caller, cancellationToken),
            CreateRecord create => await Writes.CreateAsync(create, caller, cancellationToken),
            PatchRecord patch => await Writes.PatchAsync(patch, caller, cancellationToken),
            AttachFile attach => await Writes.AttachAsync(attach, caller, cancellationToken),
            ReleaseFile release => Files is { } files ? await files.ReleaseAsync(release, caller, cancellationToken) : new CountFound(0, ServerTimestamp.Zero),
            DeleteRecord delete => await Deletions.DeleteAsync(delete, caller, cancellationToken),
            DeleteRecords deletes => await Deletions.DeleteManyAsync(deletes, caller, cancellationToken),
            MergeRecords merge => await Merges.MergeAsync(merge, caller, cancellationToken),
            StageChanges stage => await Uploads.StageAsync(stage, caller, cancellationToken),
            ExpireRecords expire => new CountFound(await Expiry.RunAsync(expire.List, expire.Limit, cancellationToken), Heads[expire.List].Stamp(Heads.Rules)),
            PurgeTombstones purge => await Deletions.PurgeAsync(purge, cancellationToken),
            BuildFieldIndexes build => await Indexes.BuildAsync(build.List, cancellationToken),
            _ => throw new InvalidOperationException($"Unknown operation {operation.GetType().Name}."),
        };
        memory.Count((BytesAGrant * (Draft.Overlay.Grants.Count - grants)) + (Draft.History?.TakeBytes() ?? 0));
        return Shown(operation, caller, outcome);
    }

    /// <summary>An answer shows an object's permissions only to callers who may set them.</summary>
    private Outcome Shown(Operation operation, Caller caller, Outcome outcome)
    {
        var record = (outcome as RecordWritten)?.Record ?? (outcome as RecordKept)?.Record;
        if (record is null)
        {
            return outcome;
        }

        var shown = reader.Objects.Shown(record, TurnRows.TargetOf(operation)!.Value.List, caller, Heads);
        return ReferenceEquals(shown, record) ? outcome : outcome switch
        {
            RecordWritten written => written with { Record = shown },
            RecordKept kept => kept with { Record = shown },
            _ => outcome,
        };
    }

    private bool LeadsTooFar() =>
        options.ClockLeadRefusal > TimeSpan.Zero
        && Heads.Clock > ServerTimestamp.Now(time).Plus((long)options.ClockLeadRefusal.TotalMilliseconds);
}
