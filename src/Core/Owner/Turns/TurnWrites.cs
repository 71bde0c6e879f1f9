using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Patches;
using Lockstep.Core.Permissions;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Validation;

namespace Lockstep.Core.Owner;

/// <summary>Decides writes of one object: put, create, patch, and a file that comes with it. Everything that can refuse a write is checked before the first change.</summary>
/// <param name="start">The bucket before the turn.</param>
/// <param name="draft">The turn's changes.</param>
/// <param name="rows">The rows of the turn.</param>
/// <param name="admission">Judges the existing state.</param>
/// <param name="rules">Judges data; null if there are no rules.</param>
/// <param name="reader">Decides who may do what.</param>
/// <param name="store">The store of the bucket.</param>
/// <param name="work">Places and memory for long work.</param>
/// <param name="memory">The memory of the turn.</param>
/// <param name="time">The clock.</param>
internal sealed class TurnWrites(
    BucketHeads start, BucketDraft draft, TurnRows rows, TurnAdmission admission, TurnDataRules? rules, OperationReader reader, IBucketStore store, OwnerWork work, TurnMemory memory, TimeProvider time)
{
    // From this size on, a patch needs a place.
    private const int LargeBytes = 256 << 10;

    // Null if nothing is limited.
    private readonly TurnQuota? quota = work.Quotas is { } quotas && start.Rules.HasQuotas ? new TurnQuota(quotas, start, draft) : null;

    private BucketHeads Heads => draft.Heads;

    private TurnAccess Access => field ??= new TurnAccess(draft, reader, store, time);

    // Only if there are files.
    private TurnFiles Files => field ??= new TurnFiles(work.Files!, start, draft, rows, store);

    public async ValueTask<Outcome> PutAsync(PutRecord put, Caller caller, CancellationToken cancellationToken)
    {
        var existing = await rows.FindAsync(put.Target, cancellationToken);
        var live = existing is { IsTombstone: false } ? existing : null;
        if (await admission.RefusalAsync(put.Target, put.Precondition, live, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var body = put.Body;
        if (body is null && live is not null)
        {
            if (await rows.WholeAsync(put.Target, live, caller, cancellationToken) is not { } whole)
            {
                return Unavailable.Overloaded;
            }

            body = whole.Body;
        }

        var outcome = await WriteAsync(
            put.Target, body ?? RecordData.EmptyObject, put.Hint, existing, put.Access, caller, cancellationToken, keepsData: put.Body is null && live is not null,
            isRestored: put.IsRestored);
        await ReplaceFileAsync(put.Target, existing, outcome, cancellationToken);
        return outcome;
    }

    public async ValueTask<Outcome> CreateAsync(CreateRecord create, Caller caller, CancellationToken cancellationToken)
    {
        var target = create.Target;
        var existing = await rows.FindAsync(target, cancellationToken);
        while (create.HasGeneratedId && existing is not null && target.List.Role != ListRole.Self)
        {
            target = target with { Id = IdGenerator.Next(target.List.Role) };
            existing = await rows.FindAsync(target, cancellationToken);
        }

        var live = existing is { IsTombstone: false } ? existing : null;
        if (await admission.RefusalAsync(target, create.Precondition, live, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        if (live is null)
        {
            return await WriteAsync(target, create.Body, create.Hint, existing, create.Access, caller, cancellationToken);
        }

        return await rows.WholeAsync(target, live, caller, cancellationToken) is { } whole ? new RecordKept(whole) : Unavailable.Overloaded;
    }

    public async ValueTask<Outcome> PatchAsync(PatchRecord patch, Caller caller, CancellationToken cancellationToken)
    {
        var existing = await rows.FindAsync(patch.Target, cancellationToken);
        var live = existing is { IsTombstone: false } ? existing : ObjectReader.Implied(patch.Target, caller, Heads);
        if (live is null)
        {
            return admission.ParentRefusal(patch.Target.List, caller) ?? (Outcome)new Missing(patch.Target);
        }

        if (await admission.RefusalAsync(patch.Target, patch.Precondition, live, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        if (await rows.WholeAsync(patch.Target, live, caller, cancellationToken) is not { } whole
            || await ApplyAsync(patch, whole, caller, cancellationToken) is not var (data, invalid))
        {
            return Unavailable.Overloaded;
        }

        if (data?.Body.Length > patch.MaxBytes)
        {
            return new TooLarge($"The data of an object may have {patch.MaxBytes} bytes.");
        }

        if (data is not null && !memory.TryHold(TurnMemory.UserOf(caller), data.Body.Length))
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
        await ReplaceFileAsync(patch.Target, whole, outcome, cancellationToken);
        return outcome is RecordWritten written
            ? written with { Previous = patch.ReturnsPrevious && existing is { IsTombstone: false } ? whole : null }
            : outcome;
    }

    /// <summary>Writes a record with a file, which belongs to it from then on; or refuses it.</summary>
    public async ValueTask<Outcome> AttachAsync(AttachFile attach, Caller caller, CancellationToken cancellationToken)
    {
        // :: Step 1: whether it is allowed.
        var existing = await rows.FindAsync(attach.Target, cancellationToken);
        var live = existing is { IsTombstone: false } ? existing : null;
        if (await admission.RefusalAsync(attach.Target, attach.Precondition, live, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        if (attach.File is null)
        {
            return new CountFound(0, Heads[attach.Target.List].RowsModified);
        }

        if (work.Files is null || ServerTimestamp.Now(time) > attach.Until)
        {
            // The sweep may have removed the file by now.
            return Unavailable.Overloaded;
        }

        // :: Step 2: the data.
        var (body, whole) = (attach.Body, default(StoredRecord));
        if (live is not null)
        {
            var patch = new PatchRecord(attach.Target, PatchKind.Shallow, attach.Body);
            whole = await rows.WholeAsync(attach.Target, live, caller, cancellationToken);
            if (whole is null || await ApplyAsync(patch, whole, caller, cancellationToken) is not var (data, invalid))
            {
                return Unavailable.Overloaded;
            }

            if (data is null)
            {
                return invalid!;
            }

            if (!memory.TryHold(TurnMemory.UserOf(caller), data.Body.Length))
            {
                return Unavailable.Overloaded;
            }

            memory.Count(data.Body.Length);
            body = data.Body;
        }

        if (body.Length > attach.MaxBytes)
        {
            return new TooLarge($"The data of an object may have {attach.MaxBytes} bytes.");
        }

        // :: Step 3: the record with its file, in place of an earlier one.
        var outcome = await WriteAsync(attach.Target, body, hint: null, existing, attach.Access, caller, cancellationToken, fileBytes: attach.FileBytes);
        if (outcome is RecordWritten written)
        {
            Files.Claim(attach, written.Record);
            await ReplaceFileAsync(attach.Target, whole, outcome, cancellationToken);
        }

        return outcome;
    }

    /// <summary>Releases the file that a record named before the write, if it no longer names it.</summary>
    private ValueTask ReplaceFileAsync(ObjectRef target, StoredRecord? before, Outcome outcome, CancellationToken cancellationToken) =>
        outcome is RecordWritten written && TurnFiles.Has(work.Files, Heads, target.List) ? Files.ReplaceAsync(target, before, written.Record.Body, cancellationToken) : default;

    /// <summary>Writes an object with its permissions, or refuses it. Unchanged data is not judged again.</summary>
    private async ValueTask<Outcome> WriteAsync(
        ObjectRef target, ReadOnlyMemory<byte> body, ServerTimestamp? hint, StoredRecord? existing, AccessChange? change, Caller caller, CancellationToken cancellationToken,
        bool keepsData = false, long? fileBytes = null, bool isRestored = false)
    {
        var sent = body.Length;
        if (!keepsData && fileBytes is null && TurnFiles.Has(work.Files, Heads, target.List) && await Files.RefuseAsync(target, body, existing, isRestored, caller, cancellationToken) is { } other)
        {
            return other;
        }

        if (!keepsData && rules is not null && !rules.AsksNothing(target.List))
        {
            if (await rules.JudgeAsync(target, body, caller, cancellationToken) is not { } verdict)
            {
                return Unavailable.Overloaded;
            }

            if (verdict.Refusal is { } invalid)
            {
                return invalid;
            }

            body = verdict.Data;
        }

        var declared = target.List.Role == ListRole.Collections && !keepsData && Heads.Rules.HasReadableData ? work.Declarations?.Read(body) : null;
        if (declared?.Refusal is { } undeclarable)
        {
            return undeclarable;
        }

        if (!keepsData && draft.History?.Refuse(target, body) is { } unkept)
        {
            return unkept;
        }

        var live = existing is { IsTombstone: false };

        // Data that is no larger as sent is accepted, even if a rule has added something to it.
        var length = live && sent <= existing!.Length ? Math.Min(sent, body.Length) : body.Length;
        if (quota?.Refuse(target, length + (fileBytes ?? 0), live ? existing : null, caller.Principals.User, TellsBucket(caller)) is { } over)
        {
            return over;
        }

        var isOwner = AccessRule.IsOwner(caller, Heads);
        var role = target.List.Role;
        if (change is null && role != ListRole.Groups && (live || isOwner || (role == ListRole.Self && reader.Rule.Options.AuthorsMayWrite && caller.Principals.User is not null)))
        {
            return WithQuota(Declared(draft.Write(target, body, hint, existing, caller), declared), target.List, caller);
        }

        var (access, refusal) = await Access.AccessOfAsync(target, body, existing, change, caller, isOwner, cancellationToken);
        return refusal ?? WithQuota(Declared(draft.Write(target, body, hint, existing, caller, access), declared), target.List, caller);
    }

    /// <summary>Sets up the indexes that a written collection declares.</summary>
    private RecordWritten Declared(RecordWritten written, FieldDeclaration? declared)
    {
        if (declared is not null)
        {
            draft.Indexes.Declare(ListRef.RecordsOf(written.Record.Id), declared.Paths);
        }

        return written;
    }

    private RecordWritten WithQuota(RecordWritten written, ListRef list, Caller caller) =>
        quota is null ? written : written with { QuotaLeft = quota.Left(list, caller.Principals.User, TellsBucket(caller)) };

    /// <summary>Whether the caller may know what the whole bucket holds: they may see everything in it.</summary>
    private bool TellsBucket(Caller caller) =>
        !Heads.Exists || AccessRule.IsOwner(caller, Heads) || reader.Rule.Decide(caller, AccessNeed.ReadList, ObjectRef.Bucket, Heads, record: null);

    /// <returns>The patched data; null if there is no room for it, or no place became free.</returns>
    private async ValueTask<(RecordData? Data, Invalid? Invalid)?> ApplyAsync(
        PatchRecord patch, StoredRecord whole, Caller caller, CancellationToken cancellationToken)
    {
        if (whole.Length + patch.Patch.Length < LargeBytes)
        {
            return RecordPatch.Apply(patch.Kind, whole, patch.Patch, patch.ReservedFlag, cancellationToken);
        }

        var user = TurnMemory.UserOf(caller);
        var (hasRun, patched) = await work.RunAsync(
            user,
            () => RecordPatch.Apply(patch.Kind, whole, patch.Patch, patch.ReservedFlag, cancellationToken),
            () => JsonWeight.Of(whole.Body.Span) + JsonWeight.Of(patch.Patch.Span),
            memory.HeldFor(user),
            cancellationToken);
        return hasRun ? patched : null;
    }

    private static ServerTimestamp? Hint(long? lastModified) =>
        lastModified is { } value ? new ServerTimestamp(value) : null;
}
