using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Reads for callers in a bucket that is not theirs. Invariants:
/// <list type="number">
/// <item>Nobody learns of a row that they may not see, not even by a stamp: the part of a list that a caller sees has the stamp of its own newest row.</item>
/// <item>When a caller's view of a list changes in a way that no row's stamp shows, they start over: to them the list looks as if it had been
/// created then.</item>
/// </list>
/// </summary>
/// <param name="whole">Reads lists that the caller may see all of.</param>
/// <param name="views">Adds what a page depends on.</param>
/// <param name="objects">Finds objects.</param>
/// <param name="store">The store with the index of principals.</param>
/// <param name="lists">Reads pages.</param>
/// <param name="filtered">Counts by fields.</param>
/// <param name="rule">Decides who may do what.</param>
/// <param name="memberships">Finds the groups of callers.</param>
/// <param name="time">The clock.</param>
internal sealed class GrantedReads(
    WholeReads whole, PageViews views, ObjectReader objects, IBucketStore store, ListReader lists, FilteredReader filtered, AccessRule rule, Memberships memberships, TimeProvider time)
{
    /// <summary>Like <see cref="OperationReader.ReadAsync"/>, for a caller in a bucket that is not theirs.</summary>
    public async ValueTask<(Outcome Outcome, long Version)> ReadAsync(
        Operation operation, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        switch (operation)
        {
            case ReadRecord read:
                var row = ObjectReader.MissingParent(read.Target.List, caller, heads) is null ? await objects.FindAsync(read.Target, heads, overlay, cancellationToken) : null;
                var found = await AdmitAsync(caller, AccessNeed.ReadObject, read.Target, heads, overlay, row is { IsTombstone: false } ? row : null, cancellationToken);
                if (found.Admitted is not null && !rule.Decide(found.Standing.Caller, AccessNeed.WriteObject, read.Target, heads, row))
                {
                    // Whether they may also write, which the answer shows, can depend on a group.
                    found.Admitted = (await memberships.ResolveAsync(found.Standing.Caller, heads, overlay, cancellationToken, row)).Caller;
                }

                return found.Admitted is { } reader
                    ? await whole.ReadRecordAsync(read, reader, heads, overlay, cancellationToken)
                    : (OperationReader.IsUnknown(caller) ? Unavailable.StoreFailed : Forbidden.Instance, row?.Modified > heads.Clock ? heads.Version + 1 : heads.Version);
            case ListRecords list:
                var listing = await AdmitAsync(caller, AccessNeed.ReadList, new ObjectRef(list.List, ""), heads, overlay, record: null, cancellationToken);
                var settledTo = list.AlsoFor is null ? null : ForeignOf(listing.Standing, heads).Bound;
                if (listing.Admitted is null)
                {
                    return views.With(whole.NotBefore(await ListPartlyAsync(list, AccessNeed.ReadObject, listing.Standing, heads, overlay, cancellationToken), list.Query, heads), list, caller, heads, settledTo);
                }

                var listed = Since(heads[list.List], await ChangedAsync(listing.Standing, heads, heads[list.List], overlay, list.Query.Since, cancellationToken));
                return views.With(
                    whole.NotBefore(NotBeyond(await whole.ListAsync(list, caller, heads, listed, overlay, cancellationToken), list.Query, listed, listing.Standing, heads), list.Query, heads),
                    list, caller, heads, settledTo);
            case CountRecords count:
                var all = await AdmitAsync(caller, AccessNeed.ReadList, new ObjectRef(count.List, ""), heads, overlay, record: null, cancellationToken);
                if (all.Admitted is null)
                {
                    return NotBeyond(await CountPartlyAsync(count, all.Standing, heads, overlay, cancellationToken), count.Query, all.Standing, heads);
                }

                var counted = Since(heads[count.List], await ChangedAsync(all.Standing, heads, heads[count.List], overlay, count.Query.Since, cancellationToken));
                return NotBeyond(await whole.CountAsync(count, caller, heads, counted, overlay, cancellationToken), count.Query, all.Standing, heads);
            case ReadAsOf read:
                var then = await AdmitAsync(caller, AccessNeed.ReadList, new ObjectRef(read.List, ""), heads, overlay, record: null, cancellationToken);
                return then.Admitted is { } admitted
                    ? await whole.ReadAsOfAsync(read, admitted, heads, overlay, cancellationToken)
                    : (OperationReader.IsUnknown(caller) ? Unavailable.StoreFailed : Forbidden.Instance, heads.Version);
            case ReadFieldIndexes indexes:
                var seen = await AdmitAsync(caller, AccessNeed.ReadList, new ObjectRef(indexes.List, ""), heads, overlay, record: null, cancellationToken);
                return (seen.Admitted is not null ? WholeReads.Indexes(indexes.List, caller, heads) : OperationReader.IsUnknown(caller) ? Unavailable.StoreFailed : Forbidden.Instance, heads.Version);
            default:
                return (Forbidden.Instance, heads.Version);
        }
    }

    /// <returns>The caller if they may read, otherwise null; and their standing, with their groups if these were looked up.</returns>
    private async ValueTask<(Caller? Admitted, Standing Standing)> AdmitAsync(
        Caller caller, AccessNeed need, ObjectRef target, BucketHeads heads, Overlay overlay, StoredRecord? record, CancellationToken cancellationToken)
    {
        if (rule.Decide(caller, need, target, heads, record))
        {
            return (caller, new Standing(caller, []));
        }

        var standing = await memberships.ResolveAsync(caller, heads, overlay, cancellationToken, record);
        return (rule.Decide(standing.Caller, need, target, heads, record) ? standing.Caller : null, standing);
    }

    /// <summary>
    /// Reads the part of a list that a caller sees. Its stamp is that of its newest row, which may be a tombstone, or of the last change of the caller's view.
    /// Rows that they do not see do not move it. A caller who sees nothing and may create nothing is refused.
    /// </summary>
    /// <param name="list">The request.</param>
    /// <param name="need">The access that rows must grant them.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="overlay">The turn's changes.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async ValueTask<(Outcome Outcome, long Version)> ListPartlyAsync(
        ListRecords list, AccessNeed need, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken) =>
        await ListPartlyAsync(list, need, await memberships.ResolveAsync(caller, heads, overlay, cancellationToken), heads, overlay, cancellationToken);

    private async ValueTask<(Outcome Outcome, long Version)> ListPartlyAsync(
        ListRecords list, AccessNeed need, Standing standing, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        if (OperationReader.IsUnknown(standing.Caller))
        {
            return (Unavailable.StoreFailed, heads.Version);
        }

        var (seen, refusal, version) = await SeenAsync(list.List, need, standing, heads, overlay, list.Query.Since, cancellationToken);
        if (seen is not var (head, rows))
        {
            return (refusal!, version);
        }

        if (ListAnswers.FromHeads(list, head, heads) is { } answer)
        {
            return (answer, version);
        }

        if (!head.Exists)
        {
            return (RecordSelection.Page([], list.Query with { Sort = [] }, head.RowsModified, cancellationToken), version);
        }

        var uncommitted = overlay.IsEmpty ? null : overlay.RowsOf(head.Key) ?? ListAnswers.NoRows;
        var (outcome, read) = await lists.ReadVisibleAsync(
            heads, head, uncommitted, ListAnswers.FromHorizon(list.Query, head), rows, Asker.Of(standing.Caller, overlay), cancellationToken);
        if (outcome is PageFound page && ListAnswers.Refusal(list.Precondition, existing: null, page.ListStamp) is { } failed)
        {
            outcome = failed;
        }
        else if (outcome is PageFound && ListAnswers.IsFromBeforeHorizon(list.Query, head))
        {
            outcome = ListAnswers.StartOver(head);
        }

        return NotBeyond(
            (outcome ?? new Missing(new ObjectRef(list.List, "")), outcome is null ? heads.Version + 1 : Math.Max(version, read)), list.Query, head, standing, heads);
    }

    private async ValueTask<(Outcome Outcome, long Version)> CountPartlyAsync(
        CountRecords count, Standing standing, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        if (OperationReader.IsUnknown(standing.Caller))
        {
            return (Unavailable.StoreFailed, heads.Version);
        }

        var (seen, refusal, version) = await SeenAsync(count.List, AccessNeed.ReadObject, standing, heads, overlay, count.Query.Since, cancellationToken);
        if (seen is not var (head, rows))
        {
            return (refusal!, version);
        }

        if (ListAnswers.Refusal(count.Precondition, existing: null, head.RowsModified) is { } failed)
        {
            return (failed, version);
        }

        if (!head.Exists || count.Query.Deleted == true)
        {
            return (new CountFound(0, head.RowsModified), version);
        }

        var uncommitted = overlay.IsEmpty ? null : overlay.RowsOf(head.Key) ?? ListAnswers.NoRows;
        var live = ListAnswers.FromHorizon(count.Query, head) with { Deleted = false, Cursor = null };
        var (found, read) = live.Fields.Count > 0 ? await filtered.CountAsync(heads, head, uncommitted, live, rows, Asker.Of(standing.Caller, overlay), cancellationToken)
            : overlay.Start is null ? await lists.CountVisibleAsync(heads, head, live, rows, Asker.Of(standing.Caller, overlay), cancellationToken)
            : await lists.CountFewVisibleAsync(heads, head, uncommitted, live, rows, cancellationToken);
        return found is { } total ? (total, Math.Max(version, read)) : (new Missing(new ObjectRef(count.List, "")), heads.Version + 1);
    }

    /// <returns>The list as the caller sees it, with the rows they see; or the refusal.</returns>
    private async ValueTask<((ListHead Head, VisibleRows Rows)? Seen, Outcome? Refusal, long Version)> SeenAsync(
        ListRef list, AccessNeed need, Standing standing, BucketHeads heads, Overlay overlay, ServerTimestamp? since, CancellationToken cancellationToken)
    {
        var (caller, head, version) = (standing.Caller, heads[list], heads.Version);
        var rows = new VisibleRows(caller.Principals.Indexed(), record => rule.Decide(caller, need, new ObjectRef(list, record.Id), heads, record));
        StoredRecord? newest = null;
        var mayBeMore = false;
        if (head.Exists)
        {
            var uncommitted = overlay.IsEmpty ? null : overlay.RowsOf(head.Key) ?? ListAnswers.NoRows;
            var first = new ListQuery { Since = ServerTimestamp.Zero, Limit = 1, Projection = Projection.Metadata };
            (var outcome, version) = await lists.ReadVisibleAsync(heads, head, uncommitted, first, rows, Asker.Of(caller, overlay), cancellationToken);
            if (outcome is not PageFound page)
            {
                return (null, outcome ?? new Missing(new ObjectRef(list, "")), outcome is null ? heads.Version + 1 : version);
            }

            newest = page.Records.Count > 0 ? page.Records[0] : null;
            mayBeMore = page.Next is not null;
        }

        if (newest is null && !mayBeMore && !rule.Decide(caller, AccessNeed.Create, new ObjectRef(list, ""), heads, record: null))
        {
            return (null, Forbidden.Instance, version);
        }

        if (ObjectReader.MissingParent(list, caller, heads) is { } missing)
        {
            return (null, missing, version);
        }

        // A reader who starts over gets the horizon's stamp, and comes back with it for the rest. So the list's own stamp is later, unless a later
        // write could get that stamp.
        var horizon = head.Horizon > ServerTimestamp.Zero && head.Horizon < heads.Clock ? head.Horizon.Plus(1) : head.Horizon;
        var stamp = ServerTimestamp.Max(newest?.Modified ?? ServerTimestamp.Zero, horizon);
        var changed = await ChangedAsync(standing, heads, head, overlay, since, cancellationToken);
        return ((Since(head with { RowsModified = stamp, Touched = stamp }, changed), rows), null, version);
    }

    /// <summary>When a caller's view of a list last changed in a way that its rows do not show.</summary>
    private async ValueTask<ServerTimestamp> ChangedAsync(
        Standing standing, BucketHeads heads, ListHead head, Overlay overlay, ServerTimestamp? since, CancellationToken cancellationToken)
    {
        var changed = ForeignOf(standing, heads).Counted;
        if (heads.Acl is not { } acl || acl.Horizon == ServerTimestamp.Zero || since > ServerTimestamp.Max(acl.Horizon, heads[ListRef.Self].Touched).Plus(1))
        {
            return changed;
        }

        var principals = standing.Caller.Principals.Indexed();
        foreach (var (key, stamp) in overlay.Grants.Count == 0 ? [] : principals.SelectMany(principal => overlay.Grants.Of(GrantRelation.Changed, principal)))
        {
            if ((key.List == 0 || key.List == head.Key) && stamp is { } at)
            {
                changed = ServerTimestamp.Max(changed, at);
            }
        }

        if (heads.Row != 0)
        {
            var scan = new GrantScan([heads.Id], GrantRelation.Changed, principals, int.MaxValue) { List = head.Key };
            changed = (await store.ReadGrantsAsync(scan, cancellationToken)).Select(static grant => grant.Stamp).Append(changed).Max();
        }

        return changed;
    }

    private ForeignHorizon ForeignOf(Standing standing, BucketHeads heads) =>
        standing.ForeignChanges.Count == 0 ? default : ForeignHorizon.Of(standing.ForeignChanges, heads, rule.Options, ServerTimestamp.Now(time));

    /// <summary>
    /// A reader whose groups in other buckets changed, and who has not started over yet, gets no stamp that would mark them as restarted.
    /// Their next poll returns newer rows again.
    /// </summary>
    private (Outcome Outcome, long Version) NotBeyond(
        (Outcome Outcome, long Version) read, ListQuery query, ListHead head, Standing standing, BucketHeads heads) =>
        read.Outcome is PageFound page && ForeignOf(standing, heads).Bound is { } bound && page.ListStamp > bound && query.Since <= bound && !ListAnswers.IsFromBeforeHorizon(query, head)
            ? (page with { ListStamp = bound, Next = page.Next is { } next ? next with { ListStamp = bound } : null }, read.Version)
            : read;

    /// <summary>The same for a count. A count returns no rows, so a caller who does not say what they have seen gets no later stamp either.</summary>
    private (Outcome Outcome, long Version) NotBeyond((Outcome Outcome, long Version) read, ListQuery query, Standing standing, BucketHeads heads) =>
        read.Outcome is CountFound count && ForeignOf(standing, heads).Bound is { } bound && count.ListStamp > bound && !(query.Since > bound)
            ? (count with { ListStamp = bound }, read.Version)
            : read;

    /// <summary>The list for a caller whose view of it changed: as if it had been created then.</summary>
    private static ListHead Since(ListHead head, ServerTimestamp changed) => changed == ServerTimestamp.Zero ? head : head with
    {
        RowsModified = ServerTimestamp.Max(head.RowsModified, changed.Plus(1)),
        Touched = ServerTimestamp.Max(head.Touched, changed.Plus(1)),
        Horizon = ServerTimestamp.Max(head.Horizon, changed),
    };
}
