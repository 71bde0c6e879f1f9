using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Judges a write before it changes anything: whether its caller may do it, and whether the existing state allows it.</summary>
/// <param name="draft">The turn's changes.</param>
/// <param name="rows">The rows of the turn.</param>
/// <param name="reader">Decides who may do what, and finds groups.</param>
/// <param name="options">Limits.</param>
internal sealed class TurnAdmission(BucketDraft draft, TurnRows rows, OperationReader reader, BucketOptions options)
{
    private BucketHeads Heads => draft.Heads;

    /// <summary>Judges whether a caller may carry out an operation.</summary>
    /// <returns>The caller, with their groups if these were looked up; null if they may not.</returns>
    public ValueTask<Caller?> AdmitAsync(Operation operation, Caller caller, CancellationToken cancellationToken)
    {
        if (!Heads.Rules.IsKnown)
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
            // A caller who may delete none of it is refused there.
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

            // A caller who may see the list may know that the object is missing.
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

    /// <summary>The reason for which the write is impossible: a missing parent, a failed precondition, a full bucket. Otherwise null.</summary>
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
            // The caller learns only that it exists.
            return new PreconditionFailed(Existing: null, ServerTimestamp.Zero);
        }

        return await rows.WholeAsync(target, live, caller, cancellationToken) is { } existing ? new PreconditionFailed(existing, stamp) : Unavailable.Overloaded;
    }

    /// <summary>The refusal if there is no room for the collection that the write would create; otherwise null.</summary>
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

    /// <summary>The missing parent of the list; null if the parent exists or is created by the write.</summary>
    public ParentMissing? ParentRefusal(ListRef list, Caller caller) => ObjectReader.MissingParent(list, caller, Heads);

    private static bool IsForNew(Precondition precondition) =>
        precondition.Scope == PreconditionScope.Record && (precondition.Test == PreconditionTest.MustNotExist || precondition.SecondTest == PreconditionTest.MustNotExist);
}
