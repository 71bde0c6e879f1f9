using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>Decides deletions of one object or many, and purges of tombstones: no more at once than one commit takes.</summary>
/// <param name="start">The bucket before the turn.</param>
/// <param name="draft">The turn's changes.</param>
/// <param name="rows">The rows of the turn.</param>
/// <param name="admission">Judges the existing state.</param>
/// <param name="reader">Finds the objects to delete.</param>
/// <param name="store">The store of the bucket.</param>
/// <param name="names">Says which files records name; null if they have none.</param>
/// <param name="options">Limits.</param>
/// <param name="memory">The memory of the turn.</param>
internal sealed class TurnDeletions(
    BucketHeads start, BucketDraft draft, TurnRows rows, TurnAdmission admission, OperationReader reader, IBucketStore store, IFileNames? names, BucketOptions options, TurnMemory memory)
{
    /// <summary>Rows of the index of principals that one step of a deletion, a purge or an undo writes. A single object may exceed it, because it is deleted whatever it names.</summary>
    public const int MaxIndexed = 5_000;

    private readonly GroupTidying tidying = new(start, draft, rows, store, options, memory);

    private BucketHeads Heads => draft.Heads;

    public async ValueTask<Outcome> DeleteAsync(DeleteRecord delete, Caller caller, CancellationToken cancellationToken)
    {
        var existing = await rows.FindAsync(delete.Target, cancellationToken);
        var live = rows.Live(existing);
        if (live is null)
        {
            // Whatever the precondition: a client that deletes wants to hear that it is gone. kinto.js relies on this.
            return admission.ParentRefusal(delete.Target.List, caller) ?? (Outcome)new Missing(delete.Target);
        }

        if (await admission.RefusalAsync(delete.Target, delete.Precondition, live, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var tombstone = draft.Remove(delete.Target, delete.Hint, live);
        if (TurnFiles.Has(names, Heads, delete.Target.List))
        {
            await new TurnFiles(names!, start, draft, rows, store).ReplaceAsync(delete.Target, live, default, cancellationToken);
        }

        await tidying.RunAsync(delete.Target.List.Role == ListRole.Groups ? [delete.Target.Id] : [], caller, cancellationToken);
        return new RecordDeleted(tombstone);
    }

    public async ValueTask<Outcome> DeleteManyAsync(DeleteRecords deletes, Caller caller, CancellationToken cancellationToken)
    {
        var head = Heads[deletes.List];
        if (!reader.Rule.Decide(caller, AccessNeed.WriteList, new ObjectRef(deletes.List, ""), Heads, record: null))
        {
            return await DeletePartlyAsync(deletes, caller, cancellationToken);
        }

        if (admission.ParentRefusal(deletes.List, caller) is { } refusal)
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

        // Only an order by fields reads bodies.
        var query = deletes.Query with
        {
            Deleted = false,
            Projection = deletes.Query.Order == ListOrder.Fields ? Projection.Whole : Projection.Metadata,
        };
        var (outcome, _) = await reader.ReadAsync(
            new ListRecords(deletes.List, query with { Since = null, After = query.LowerBound }), caller, Heads, draft.Overlay, cancellationToken);
        outcome = Affordable(outcome, deletes.List, query, cancellationToken);
        if (deletes.Query.Deleted == true || outcome is not PageFound page)
        {
            return outcome is PageFound ? new RecordsDeleted([], head.RowsModified, Next: null) : outcome;
        }

        var tombstones = page.Records
            .Select(record => draft.Remove(new ObjectRef(deletes.List, record.Id), hint: null, record))
            .ToList();
        await tidying.RunAsync(deletes.List.Role == ListRole.Groups ? tombstones.ConvertAll(static tombstone => tombstone.Id) : [], caller, cancellationToken);
        if (!Heads.Rules.Tombstones)
        {
            draft.Touch(deletes.List, caller);
        }

        if (deletes.List.Role == ListRole.History && tombstones.Count > 0)
        {
            draft.History?.Forget();
        }

        return new RecordsDeleted(tombstones, Heads[deletes.List].Stamp(Heads.Rules), page.Next);
    }

    /// <summary>The part of the page that one commit takes. For each object, the index rows of all whom it names are written again, and those of its history entry.</summary>
    /// <returns>If it was too much, a page that ends earlier and says where to continue; or the refusal if it cannot say so.</returns>
    private Outcome Affordable(Outcome outcome, ListRef list, ListQuery query, CancellationToken cancellationToken) =>
        outcome is PageFound page && Affordable(page.Records, list) is var few && few < page.Records.Count
            ? RecordSelection.Page(page.Records, query with { Limit = few, Fields = [] }, page.ListStamp, cancellationToken)
            : outcome;

    /// <returns>How many of the first records, at least one.</returns>
    private int Affordable(IReadOnlyList<StoredRecord> records, ListRef list)
    {
        for (var (count, rows) = (0, 0); count < records.Count; count++)
        {
            rows += DraftAccess.IndexedBy(list.Role, records[count]) + (draft.History?.IndexedBy(new ObjectRef(list, records[count].Id), records[count]) ?? 0);
            if (rows > MaxIndexed && count > 0)
            {
                return count;
            }
        }

        return records.Count;
    }

    /// <summary>Deletes what the caller may delete of a list that they may not empty.</summary>
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
        var (outcome, version) = await reader.Granted.ListPartlyAsync(list, AccessNeed.WriteObject, caller, Heads, draft.Overlay, cancellationToken);
        rows.IsStale |= version > Heads.Version;
        if (outcome is NotModified same)
        {
            return new PreconditionFailed(Existing: null, same.Stamp);
        }

        outcome = Affordable(outcome, deletes.List, query, cancellationToken);
        if (outcome is not PageFound page)
        {
            return outcome;
        }

        var gone = deletes.Query.Deleted == true ? [] : page.Records.Select(record => draft.Remove(new ObjectRef(deletes.List, record.Id), hint: null, record)).ToList();
        await tidying.RunAsync(deletes.List.Role == ListRole.Groups ? gone.ConvertAll(static tombstone => tombstone.Id) : [], caller, cancellationToken);
        var stamp = gone.Select(static tombstone => tombstone.Modified).Append(page.ListStamp).Max();
        return new RecordsDeleted(gone, stamp, deletes.Query.Deleted == true ? null : page.Next);
    }

    public async ValueTask<Outcome> PurgeAsync(PurgeTombstones purge, CancellationToken cancellationToken)
    {
        var head = Heads[purge.List];

        // While a bucket is being imported, the import is still compared with its source.
        if (!head.Exists || Heads.Row == 0 || start[purge.List].Key != head.Key || BucketRestore.IsUnfinished(Heads))
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
        var scan = new RecordScan(Heads.Key, head.Key, ListReader.Beneath(query, draft.Overlay.RowsOf(head.Key)), purge.Limit, options.MaxTurnBytes);
        var found = await store.ScanAsync(scan, cancellationToken);
        var purged = found.Records.Take(Affordable(found.Records, purge.List)).ToList();
        if (purged.Count > 0)
        {
            draft.Purge(head, purged);
        }

        return new CountFound(purged.Count, head.RowsModified);
    }
}
