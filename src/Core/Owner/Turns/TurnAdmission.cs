using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Judges a write before anything of it is done: whether its caller may, and whether what is there lets it.</summary>
/// <param name="draft">The turn's changes.</param>
/// <param name="rows">What the turn knows of rows.</param>
/// <param name="reader">Says who may do what, and who is in which groups.</param>
/// <param name="options">Bounds.</param>
internal sealed class TurnAdmission(BucketDraft draft, TurnRows rows, OperationReader reader, BucketOptions options)
{
    private BucketHeads Heads => draft.Heads;

    /// <summary>Judges whether somebody may do something.</summary>
    /// <returns>The caller, with their groups where these were asked for; null when they may not.</returns>
    public ValueTask<Caller?> AdmitAsync(Operation operation, Caller caller, CancellationToken cancellationToken)
    {
        if (Heads.Id.Kind == BucketKind.Unknown)
        {
            return default;
        }

        if (caller.Access == BucketAccess.System)
        {
            return operation is DeleteRecord { Target.List.Role: ListRole.Self } or PurgeTombstones or ExpireRecords or BuildFieldIndexes or ReleaseFile
                && (caller.Principals.User is null || caller.Principals.Contains(Heads.Author)) ? new(caller) : default;
        }

        return AccessRule.IsOwner(caller, Heads) ? new(caller) : AdmitOtherAsync(operation, caller, cancellationToken);
    }

    private async ValueTask<Caller?> AdmitOtherAsync(Operation operation, Caller caller, CancellationToken cancellationToken)
    {
        if (operation is DeleteRecords deletes)
        {
            // With nothing of it that they may delete they are refused there.
            return reader.Rule.Decide(caller, AccessNeed.WriteList, new ObjectRef(deletes.List, ""), Heads, record: null)
                ? caller
                : (await reader.Memberships.ResolveAsync(caller, Heads, draft.Overlay, cancellationToken)).Caller;
        }

        if (TurnRows.TargetOf(operation) is not { } target)
        {
            return null;
        }

        var existing = await rows.FindAsync(target, cancellationToken);
        var live = existing is { IsTombstone: false } ? existing : null;
        var need = (operation, live) switch
        {
            (PutRecord put, _) => live is null || IsForNew(put.Precondition) ? AccessNeed.Create : AccessNeed.WriteObject,
            (AttachFile attach, _) => live is null || IsForNew(attach.Precondition) ? AccessNeed.Create : AccessNeed.WriteObject,
            (CreateRecord create, _) => live is null || create.HasGeneratedId ? AccessNeed.Create : AccessNeed.ReadObject,

            // Whoever may see the list may hear that it is not there.
            (_, null) => AccessNeed.ReadList,
            _ => AccessNeed.WriteObject,
        };
        if (reader.Rule.Decide(caller, need, target, Heads, live))
        {
            return caller;
        }

        var known = (await reader.Memberships.ResolveAsync(caller, Heads, draft.Overlay, cancellationToken, live)).Caller;
        return reader.Rule.Decide(known, need, target, Heads, live) ? known : null;
    }

    /// <summary>Why the write cannot be: its parent is missing, its precondition fails, the bucket is full. Else null.</summary>
    public ValueTask<Outcome?> RefusalAsync(
        ObjectRef target, Precondition precondition, StoredRecord? live, Caller caller, CancellationToken cancellationToken)
    {
        if (ParentRefusal(target.List, caller) is { } refusal)
        {
            return new(refusal);
        }

        var list = Heads[target.List];
        var (exists, stamp) = precondition.Scope switch
        {
            PreconditionScope.Record => (live is not null, live?.Modified ?? list.Stamp(Heads.Rules)),
            PreconditionScope.List => (true, list.Stamp(Heads.Rules)),
            PreconditionScope.Contents => (true, Heads[ListRef.RecordsOf(target.Id)].Stamp(Heads.Rules)),
            _ => (true, Heads.Stamp),
        };
        return precondition.Holds(exists, stamp) ? new(FullRefusal(target)) : FailedAsync(target, precondition, stamp, live, caller, cancellationToken);
    }

    private async ValueTask<Outcome?> FailedAsync(
        ObjectRef target, Precondition precondition, ServerTimestamp stamp, StoredRecord? live, Caller caller, CancellationToken cancellationToken)
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

        return await rows.WholeAsync(target, live, caller, cancellationToken) is { } existing ? new PreconditionFailed(existing, stamp) : Unavailable.Overloaded;
    }

    /// <summary>Why there is no room for the collection that would come into being; else null.</summary>
    private TooLarge? FullRefusal(ObjectRef target)
    {
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
        var lists = Heads.Lists.Values.Count(static head => head.List.Role is not ListRole.Files && (head.List.Role is ListRole.History || !head.List.IsOfHistory));
        return Heads[ListRef.Collections].Count >= options.MaxCollections || (!known && lists >= 2 * options.MaxCollections)
            ? new TooLarge($"A bucket holds at most {options.MaxCollections} collections, and remembers as many deleted ones.")
            : null;
    }

    /// <summary>What the list lies in and is not there; null where it is there, or comes into being with the write.</summary>
    public ParentMissing? ParentRefusal(ListRef list, Caller caller) => ObjectReader.MissingParent(list, caller, Heads);

    private static bool IsForNew(Precondition precondition) =>
        precondition.Scope == PreconditionScope.Record && (precondition.Test == PreconditionTest.MustNotExist || precondition.SecondTest == PreconditionTest.MustNotExist);
}
