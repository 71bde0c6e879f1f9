using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Answers the reading operations, for readers beside the queue (with no uncommitted rows) and inside a turn alike.
/// The stamp of a list that was read comes from the same snapshot as its rows; a poll with nothing new is answered from
/// the heads alone.
/// </summary>
internal sealed class OperationReader(IBucketStore store, ListReader lists, FilteredReader filtered, AsOfReader asOf, AccessRule rule, Memberships memberships, TimeProvider time)
{
    public AccessRule Rule => rule;

    public Memberships Memberships => memberships;

    /// <summary>Whether a request can be executed without asking other buckets for groups of its caller.</summary>
    public bool Knows(BucketRequest request, BucketHeads heads) =>
        !NeedsGroups(request, heads) || memberships.Knows(request.Caller, heads);

    /// <summary>Whether what bucket and collections say of the caller alone may not be enough.</summary>
    public bool NeedsGroups(BucketRequest request, BucketHeads heads) =>
        request.Caller.Access == BucketAccess.ByAcl && !AccessRule.IsOwner(request.Caller, heads)
        && !request.Operations.All(operation => ListOf(operation) is { } list && rule.DecidesWithoutGroups(request.Caller, list, heads));

    private static ListRef? ListOf(Operation operation) => operation switch
    {
        PutRecord put => put.Target.List,
        CreateRecord create => create.Target.List,
        PatchRecord patch => patch.Target.List,
        DeleteRecord delete => delete.Target.List,
        DeleteRecords deletes => deletes.List,
        ReadRecord read => read.Target.List,
        ListRecords list => list.List,
        CountRecords count => count.List,
        ReadAsOf read => read.List,
        ReadFieldIndexes indexes => indexes.List,
        _ => null,
    };

    /// <summary>Whether it could not be found out in which groups of other buckets somebody is. They are not told that they may not.</summary>
    public static bool IsUnknown(Caller caller) => caller.Principals.Foreign is { IsKnown: false };

    /// <returns>The outcome, and the version of the newest snapshot that it rests on.</returns>
    public async ValueTask<(Outcome Outcome, long Version)> ReadAsync(
        Operation operation, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        if (!AccessRule.IsOwner(caller, heads))
        {
            return caller.Access == BucketAccess.ByAcl && heads.Id.Kind == BucketKind.Kinto
                ? await ReadSharedAsync(operation, caller, heads, overlay, cancellationToken)
                : (Forbidden.Instance, heads.Version);
        }

        switch (operation)
        {
            case ReadRecord read:
                return await ReadRecordAsync(read, caller, heads, overlay, cancellationToken);
            case ListRecords list:
                return NotBefore(await ListAsync(list, caller, heads, heads[list.List], overlay, cancellationToken), list.Query, heads);
            case CountRecords count:
                return await CountAsync(count, caller, heads, heads[count.List], overlay, cancellationToken);
            case ReadFieldIndexes indexes:
                return (Indexes(indexes.List, caller, heads), heads.Version);
            case ReadLists read:
                return await ReadListsAsync(read, heads, overlay, cancellationToken);
            case ReadAsOf read:
                return await ReadAsOfAsync(read, caller, heads, overlay, cancellationToken);
            default:
                throw new InvalidOperationException($"{operation.GetType().Name} is no read.");
        }
    }

    /// <summary>An object as it is shown: what it says of rights is for those who may say it.</summary>
    /// <param name="record">The object.</param>
    /// <param name="list">Where it lies.</param>
    /// <param name="caller">Who looks, with their groups where these are known.</param>
    /// <param name="heads">The bucket.</param>
    /// <returns>With a list that is whole; without one where the caller alone may write it, which the caller knows.</returns>
    public StoredRecord Shown(StoredRecord record, ListRef list, Caller caller, BucketHeads heads)
    {
        if (caller.Access != BucketAccess.ByAcl || (record.Acl is null && AccessRule.IsOwner(caller, heads)))
        {
            return record.Acl is null ? record : record with { Acl = Whole(record, list, heads) };
        }

        return record with
        {
            Acl = rule.Decide(caller, AccessNeed.WriteObject, new ObjectRef(list, record.Id), heads, record) ? Whole(record, list, heads) : AccessList.Empty.ToBytes(),
        };
    }

    /// <summary>What an object says of rights, its bucket's author among it.</summary>
    public static ReadOnlyMemory<byte> Whole(StoredRecord record, ListRef list, BucketHeads heads)
    {
        var acl = AccessList.Read(record.Acl)?.OnlyPermissions();
        return (AccessRule.AuthorOf(heads) is { } author && (acl is null || list.Role == ListRole.Self)
            ? (acl ?? AccessList.Empty).With(Right.Write, [author, .. acl?[Right.Write] ?? []])
            : acl ?? AccessList.Empty).ToBytes();
    }

    /// <summary>As <see cref="ReadAsync"/>, for somebody whose bucket it is not.</summary>
    private async ValueTask<(Outcome Outcome, long Version)> ReadSharedAsync(
        Operation operation, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        switch (operation)
        {
            case ReadRecord read:
                var row = MissingParent(read.Target.List, caller, heads) is null ? await FindAsync(read.Target, heads, overlay, cancellationToken) : null;
                var found = await AdmitAsync(caller, AccessNeed.ReadObject, read.Target, heads, overlay, row is { IsTombstone: false } ? row : null, cancellationToken);
                if (found.Admitted is not null && !rule.Decide(found.Standing.Caller, AccessNeed.WriteObject, read.Target, heads, row))
                {
                    // Whether they may write too, which is shown, can come from a group.
                    found.Admitted = (await memberships.ResolveAsync(found.Standing.Caller, heads, overlay, cancellationToken, row)).Caller;
                }

                return found.Admitted is { } reader
                    ? await ReadRecordAsync(read, reader, heads, overlay, cancellationToken)
                    : (IsUnknown(caller) ? Unavailable.StoreFailed : Forbidden.Instance, row?.Modified > heads.Clock ? heads.Version + 1 : heads.Version);
            case ListRecords list:
                var whole = await AdmitAsync(caller, AccessNeed.ReadList, new ObjectRef(list.List, ""), heads, overlay, record: null, cancellationToken);
                if (whole.Admitted is null)
                {
                    return NotBefore(await ListPartlyAsync(list, AccessNeed.ReadObject, whole.Standing, heads, overlay, cancellationToken), list.Query, heads);
                }

                var listed = Since(heads[list.List], await ChangedAsync(whole.Standing, heads, heads[list.List], overlay, list.Query.Since, cancellationToken));
                return NotBefore(
                    NotBeyond(await ListAsync(list, caller, heads, listed, overlay, cancellationToken), list.Query, listed, whole.Standing, heads), list.Query, heads);
            case CountRecords count:
                var all = await AdmitAsync(caller, AccessNeed.ReadList, new ObjectRef(count.List, ""), heads, overlay, record: null, cancellationToken);
                if (all.Admitted is null)
                {
                    return NotBeyond(await CountPartlyAsync(count, all.Standing, heads, overlay, cancellationToken), count.Query, all.Standing, heads);
                }

                var counted = Since(heads[count.List], await ChangedAsync(all.Standing, heads, heads[count.List], overlay, count.Query.Since, cancellationToken));
                return NotBeyond(await CountAsync(count, caller, heads, counted, overlay, cancellationToken), count.Query, all.Standing, heads);
            case ReadAsOf read:
                var then = await AdmitAsync(caller, AccessNeed.ReadList, new ObjectRef(read.List, ""), heads, overlay, record: null, cancellationToken);
                return then.Admitted is { } admitted
                    ? await ReadAsOfAsync(read, admitted, heads, overlay, cancellationToken)
                    : (IsUnknown(caller) ? Unavailable.StoreFailed : Forbidden.Instance, heads.Version);
            case ReadFieldIndexes indexes:
                var seen = await AdmitAsync(caller, AccessNeed.ReadList, new ObjectRef(indexes.List, ""), heads, overlay, record: null, cancellationToken);
                return (seen.Admitted is not null ? Indexes(indexes.List, caller, heads) : IsUnknown(caller) ? Unavailable.StoreFailed : Forbidden.Instance, heads.Version);
            default:
                return (Forbidden.Instance, heads.Version);
        }
    }

    private async ValueTask<(Outcome Outcome, long Version)> ReadAsOfAsync(
        ReadAsOf read, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken) =>
        MissingParent(read.List, caller, heads) is { } missing ? (missing, heads.Version) : await asOf.ReadAsync(read, heads, overlay, cancellationToken);

    private static Outcome Indexes(ListRef list, Caller caller, BucketHeads heads) =>
        MissingParent(list, caller, heads) ?? (Outcome)new FieldIndexesFound(
            [.. heads[list].Indexes.Select(static index => new FieldIndexProgress(index.Path, index.Built, index.IsUsable))], heads[list].Count);

    /// <returns>The caller where they may; and them with their groups, where these were asked for.</returns>
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

    /// <summary>When what a caller sees of a list changed last otherwise than by what shows in it.</summary>
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
    /// Who polls and has yet to begin anew, since their groups in other buckets changed, is given no stamp by which they would be taken for one who has.
    /// What is newer they are given again by their next poll.
    /// </summary>
    private (Outcome Outcome, long Version) NotBeyond(
        (Outcome Outcome, long Version) read, ListQuery query, ListHead head, Standing standing, BucketHeads heads) =>
        read.Outcome is PageFound page && ForeignOf(standing, heads).Bound is { } bound && page.ListStamp > bound && query.Since <= bound && !IsFromBeforeHorizon(query, head)
            ? (page with { ListStamp = bound, Next = page.Next is { } next ? next with { ListStamp = bound } : null }, read.Version)
            : read;

    /// <summary>The same of a count. It gives nobody any rows: so whoever does not say what they have seen gets no later stamp either.</summary>
    private (Outcome Outcome, long Version) NotBeyond((Outcome Outcome, long Version) read, ListQuery query, Standing standing, BucketHeads heads) =>
        read.Outcome is CountFound count && ForeignOf(standing, heads).Bound is { } bound && count.ListStamp > bound && !(query.Since > bound)
            ? (count with { ListStamp = bound }, read.Version)
            : read;

    /// <summary>
    /// Somebody's view of a list can come to have an older stamp than they have seen: groups of other buckets have moved it, and do no
    /// more, or they have become the bucket's author, whose view knows of no such changes. Their stamp stays where it is, as long as the
    /// next write's is later than that. Where nobody's view ever changed, a stamp that nobody gave is not given back.
    /// </summary>
    private (Outcome Outcome, long Version) NotBefore((Outcome Outcome, long Version) read, ListQuery query, BucketHeads heads) =>
        read.Outcome is PageFound { Records.Count: 0 } page && query.Cursor is null && query.Since is { } since && page.ListStamp < since
            && (heads.Acl is { } acl && (acl.Horizon > ServerTimestamp.Zero || acl.ForeignGroups.Count > 0))
            && (since <= heads.Clock || since < ServerTimestamp.Now(time))
            ? (page with { ListStamp = since }, read.Version)
            : read;

    /// <summary>The list for somebody whose view of it changed: as if it had been made anew then.</summary>
    private static ListHead Since(ListHead head, ServerTimestamp changed) => changed == ServerTimestamp.Zero ? head : head with
    {
        RowsModified = ServerTimestamp.Max(head.RowsModified, changed.Plus(1)),
        Touched = ServerTimestamp.Max(head.Touched, changed.Plus(1)),
        Horizon = ServerTimestamp.Max(head.Horizon, changed),
    };

    /// <summary>
    /// The part of a list that somebody sees. Its stamp is that of the newest row of these, a tombstone too, or of when their view changed:
    /// what they do not see moves nothing. Whoever sees nothing and may make nothing is refused.
    /// </summary>
    /// <param name="list">What is asked for.</param>
    /// <param name="need">What rows they must be allowed.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="overlay">What a turn has changed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<(Outcome Outcome, long Version)> ListPartlyAsync(
        ListRecords list, AccessNeed need, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken) =>
        await ListPartlyAsync(list, need, await memberships.ResolveAsync(caller, heads, overlay, cancellationToken), heads, overlay, cancellationToken);

    private async ValueTask<(Outcome Outcome, long Version)> ListPartlyAsync(
        ListRecords list, AccessNeed need, Standing standing, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        if (IsUnknown(standing.Caller))
        {
            return (Unavailable.StoreFailed, heads.Version);
        }

        var (seen, refusal, version) = await SeenAsync(list.List, need, standing, heads, overlay, list.Query.Since, cancellationToken);
        if (seen is not var (head, rows))
        {
            return (refusal!, version);
        }

        if (FromHeads(list, head, heads) is { } answer)
        {
            return (answer, version);
        }

        if (!head.Exists)
        {
            return (RecordSelection.Page([], list.Query with { Sort = [] }, head.RowsModified, cancellationToken), version);
        }

        var uncommitted = overlay.IsEmpty ? null : overlay.RowsOf(head.Key) ?? NoRows;
        var (outcome, read) = await lists.ReadVisibleAsync(
            heads, head, uncommitted, FromHorizon(list.Query, head), rows, Asker.Of(standing.Caller, overlay), cancellationToken);
        if (outcome is PageFound page && Refusal(list.Precondition, existing: null, page.ListStamp) is { } failed)
        {
            outcome = failed;
        }
        else if (outcome is PageFound && IsFromBeforeHorizon(list.Query, head))
        {
            outcome = StartOver(head);
        }

        return NotBeyond(
            (outcome ?? new Missing(new ObjectRef(list.List, "")), outcome is null ? heads.Version + 1 : Math.Max(version, read)), list.Query, head, standing, heads);
    }

    private async ValueTask<(Outcome Outcome, long Version)> CountPartlyAsync(
        CountRecords count, Standing standing, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        if (IsUnknown(standing.Caller))
        {
            return (Unavailable.StoreFailed, heads.Version);
        }

        var (seen, refusal, version) = await SeenAsync(count.List, AccessNeed.ReadObject, standing, heads, overlay, count.Query.Since, cancellationToken);
        if (seen is not var (head, rows))
        {
            return (refusal!, version);
        }

        if (Refusal(count.Precondition, existing: null, head.RowsModified) is { } failed)
        {
            return (failed, version);
        }

        if (!head.Exists || count.Query.Deleted == true)
        {
            return (new CountFound(0, head.RowsModified), version);
        }

        var uncommitted = overlay.IsEmpty ? null : overlay.RowsOf(head.Key) ?? NoRows;
        var live = FromHorizon(count.Query, head) with { Deleted = false, Cursor = null };
        var (found, read) = live.Fields.Count > 0 ? await filtered.CountAsync(heads, head, uncommitted, live, rows, Asker.Of(standing.Caller, overlay), cancellationToken)
            : overlay.Start is null ? await lists.CountVisibleAsync(heads, head, live, rows, Asker.Of(standing.Caller, overlay), cancellationToken)
            : await lists.CountFewVisibleAsync(heads, head, uncommitted, live, rows, cancellationToken);
        return found is { } total ? (total, Math.Max(version, read)) : (new Missing(new ObjectRef(count.List, "")), heads.Version + 1);
    }

    /// <returns>The list as somebody sees it who sees a part, and which rows those are; or why they are refused.</returns>
    private async ValueTask<((ListHead Head, VisibleRows Rows)? Seen, Outcome? Refusal, long Version)> SeenAsync(
        ListRef list, AccessNeed need, Standing standing, BucketHeads heads, Overlay overlay, ServerTimestamp? since, CancellationToken cancellationToken)
    {
        var (caller, head, version) = (standing.Caller, heads[list], heads.Version);
        var rows = new VisibleRows(caller.Principals.Indexed(), record => rule.Decide(caller, need, new ObjectRef(list, record.Id), heads, record));
        StoredRecord? newest = null;
        var mayBeMore = false;
        if (head.Exists)
        {
            var uncommitted = overlay.IsEmpty ? null : overlay.RowsOf(head.Key) ?? NoRows;
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

        if (MissingParent(list, caller, heads) is { } missing)
        {
            return (null, missing, version);
        }

        // Whoever is told to start over has the horizon's stamp, and comes back with it for the rest: so the list's own is later, where no write
        // to come can have that one.
        var horizon = head.Horizon > ServerTimestamp.Zero && head.Horizon < heads.Clock ? head.Horizon.Plus(1) : head.Horizon;
        var stamp = ServerTimestamp.Max(newest?.Modified ?? ServerTimestamp.Zero, horizon);
        var changed = await ChangedAsync(standing, heads, head, overlay, since, cancellationToken);
        return ((Since(head with { RowsModified = stamp, Touched = stamp }, changed), rows), null, version);
    }

    /// <summary>The live record, a tombstone, or null.</summary>
    public async ValueTask<StoredRecord?> FindAsync(
        ObjectRef target, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        var head = heads[target.List];
        if (!head.Exists)
        {
            return null;
        }

        if (overlay.TryGet(head.Key, target.Id, out var record))
        {
            return record;
        }

        if (heads.Row == 0)
        {
            return null;
        }

        var key = new RecordKey(head.Key, target.Id);
        return (await store.ReadAsync(heads.Key, [key], Projection.Whole, cancellationToken)).GetValueOrDefault(key);
    }

    /// <summary>
    /// What reads answer for a default bucket, or a collection in it, that nobody has written to yet: it is there and
    /// empty, with a stamp that does not move until it is written.
    /// </summary>
    public static StoredRecord? Implied(ObjectRef target, Caller caller, BucketHeads heads)
    {
        if (caller.Access != BucketAccess.Own)
        {
            return null;
        }

        return target.List.Role switch
        {
            ListRole.Self when !heads.Exists => Empty(target.Id, heads.Base, caller),
            ListRole.Collections when !heads[ListRef.RecordsOf(target.Id)].Exists =>
                Empty(target.Id, heads[ListRef.RecordsOf(target.Id)].RowsModified, caller),
            _ => null,
        };
    }

    private static StoredRecord Empty(string id, ServerTimestamp stamp, Caller caller) =>
        new() { Id = id, Modified = stamp, Body = RecordData.EmptyObject, Author = caller.Principals.User };

    /// <summary>The instant by which a bucket judges what has expired; null where nothing does.</summary>
    public ServerTimestamp? AliveAt(BucketHeads heads) => heads.Rules.Expires ? ServerTimestamp.Max(ServerTimestamp.Now(time), heads.Clock) : null;

    /// <summary>Whether the caller carries a stamp that these heads know nothing of.</summary>
    public static bool HasSeenNewer(Operation operation, BucketHeads heads) => operation switch
    {
        ListRecords list => Lower(list.Query, heads) > heads[list.List].Stamp(heads.Rules) || list.Precondition.NewestValue > heads[list.List].Stamp(heads.Rules),
        CountRecords count => count.Query.Since > heads[count.List].RowsModified || count.Precondition.NewestValue > heads[count.List].RowsModified,
        _ => operation.Precondition.NewestValue > heads.Clock,
    };

    private async ValueTask<(Outcome Outcome, long Version)> ReadRecordAsync(
        ReadRecord read, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        if (MissingParent(read.Target.List, caller, heads) is { } parentMissing)
        {
            return (parentMissing, heads.Version);
        }

        var record = await FindAsync(read.Target, heads, overlay, cancellationToken);
        var version = record?.Modified > heads.Clock ? heads.Version + 1 : heads.Version;
        if (record is null or { IsTombstone: true } || (AliveAt(heads) is { } at && !record.IsAlive(at)))
        {
            record = Implied(read.Target, caller, heads);
        }

        var outcome = record is null ? new Missing(read.Target)
            : Refusal(read.Precondition, record, record.Modified) ?? new RecordFound(Shown(record, read.Target.List, caller, heads));
        return (outcome, version);
    }

    private async ValueTask<(Outcome Outcome, long Version)> ListAsync(
        ListRecords list, Caller caller, BucketHeads heads, ListHead head, Overlay overlay, CancellationToken cancellationToken)
    {
        if (MissingParent(list.List, caller, heads) is { } parentMissing)
        {
            return (parentMissing, heads.Version);
        }

        if (FromHeads(list, head, heads) is { } answer)
        {
            return (answer, heads.Version);
        }

        if (!head.Exists)
        {
            return (RecordSelection.Page([], list.Query with { Sort = [] }, head.Stamp(heads.Rules), cancellationToken), heads.Version);
        }

        var uncommitted = overlay.IsEmpty ? null : overlay.RowsOf(head.Key) ?? NoRows;
        var query = FromHorizon(list.Query, head) with { AliveAt = AliveAt(heads) };
        var (outcome, version) = await lists.ReadAsync(heads, head, uncommitted, query, Asker.Of(caller, overlay), cancellationToken);
        if (outcome is PageFound older && older.ListStamp < head.RowsModified && list.Query.Cursor is null)
        {
            outcome = older with { ListStamp = head.RowsModified, Next = older.Next is { } next ? next with { ListStamp = head.RowsModified } : null };
        }

        if (outcome is PageFound page && Refusal(list.Precondition, existing: null, page.ListStamp) is { } refusal)
        {
            outcome = refusal;
        }
        else if (outcome is PageFound && IsFromBeforeHorizon(list.Query, head))
        {
            outcome = StartOver(head);
        }

        // The list went away between heads and snapshot; the caller reads again with newer heads.
        return (outcome ?? new Missing(new ObjectRef(list.List, "")), outcome is null ? heads.Version + 1 : version);
    }

    /// <summary>
    /// The answers that need no rows. None is given to a reader who has seen a newer stamp than these heads carry: the
    /// store is ahead of them then.
    /// </summary>
    private static Outcome? FromHeads(ListRecords list, ListHead head, BucketHeads heads)
    {
        var (query, stamp) = (list.Query, head.Stamp(heads.Rules));
        if (list.Precondition.NewestValue > stamp || Lower(query, heads) > stamp)
        {
            return head.Exists ? null : Refusal(list.Precondition, existing: null, stamp);
        }

        if (Refusal(list.Precondition, existing: null, stamp) is { } refusal)
        {
            return refusal;
        }

        if (IsFromBeforeHorizon(query, head))
        {
            return StartOver(head);
        }

        if (Lower(query, heads) is not { } lower || query.Cursor is not null)
        {
            return null;
        }

        return lower >= stamp ? new PageFound([], stamp, Next: null) : null;
    }

    /// <summary>What a reader has seen already. Where deletions leave no rows every lower bound says so.</summary>
    private static ServerTimestamp? Lower(ListQuery query, BucketHeads heads) => heads.Rules.Tombstones ? query.Since : query.LowerBound;

    /// <summary>
    /// A reader from before the list's last deletion, or the last purge of its tombstones, holds records of whose end nothing
    /// tells any more. So does one that was in the middle of its pages when that happened.
    /// </summary>
    private static bool IsFromBeforeHorizon(ListQuery query, ListHead head) =>
        query.Since is { } since && since > ServerTimestamp.Zero && since < head.Horizon;

    /// <summary>
    /// A reader with the horizon's own stamp was told to start over, and simply polls on: it is given the whole list, also
    /// what is older than the horizon.
    /// </summary>
    private static ListQuery FromHorizon(ListQuery query, ListHead head) =>
        query.Since is { } since && since == head.Horizon ? query with { Since = ServerTimestamp.Zero } : query;

    /// <summary>Empty and newer is what kinto.js takes for "the server was flushed"; for others see <see cref="FromHorizon"/>.</summary>
    private static PageFound StartOver(ListHead head) => new([], head.Horizon, Next: null);

    private async ValueTask<(Outcome Outcome, long Version)> CountAsync(
        CountRecords count, Caller caller, BucketHeads heads, ListHead head, Overlay overlay, CancellationToken cancellationToken)
    {
        if (MissingParent(count.List, caller, heads) is { } parentMissing)
        {
            return (parentMissing, heads.Version);
        }

        if (Refusal(count.Precondition, existing: null, head.RowsModified) is { } refusal)
        {
            return (refusal, heads.Version);
        }

        var aliveAt = AliveAt(heads);
        if (!head.Exists || (!count.Query.HasFilters && !(head.NextExpiry <= aliveAt)))
        {
            return (new CountFound(head.Count, head.RowsModified), heads.Version);
        }

        // Totals count live records only, also where a filter shows tombstones.
        var live = FromHorizon(count.Query, head) with { Deleted = false, Cursor = null, Limit = int.MaxValue, AliveAt = aliveAt };
        if (count.Query.Deleted == true)
        {
            return (new CountFound(0, head.RowsModified), heads.Version);
        }

        var uncommitted = overlay.IsEmpty ? null : overlay.RowsOf(head.Key) ?? NoRows;
        if (live.Fields.Count > 0)
        {
            var (found, read) = await filtered.CountAsync(heads, head, uncommitted, live, visible: null, Asker.Of(caller, overlay), cancellationToken);
            return found is null
                ? (new Missing(new ObjectRef(count.List, "")), heads.Version + 1)
                : (found is CountFound total && uncommitted is null ? Refusal(count.Precondition, existing: null, total.ListStamp) ?? found : found, read);
        }

        var scan = new RecordScan(heads.Key, head.Key, ListReader.Beneath(live, uncommitted), int.MaxValue, long.MaxValue);
        var stored = await store.CountAsync(scan, cancellationToken);
        if (uncommitted is not null)
        {
            return (new CountFound(stored.Count + uncommitted.Values.Count(live.Matches), head.RowsModified), stored.Version);
        }

        // The list went away between heads and snapshot; the caller reads again with newer heads.
        return stored.Head is not { } counted
            ? (new Missing(new ObjectRef(count.List, "")), heads.Version + 1)
            : (Refusal(count.Precondition, existing: null, Newer(counted, head)) ?? new CountFound(stored.Count, Newer(counted, head)), stored.Version);
    }

    /// <summary>The list's stamp as somebody sees it, who may have begun anew since its last change.</summary>
    private static ServerTimestamp Newer(ListHead stored, ListHead seen) => ServerTimestamp.Max(stored.RowsModified, seen.RowsModified);

    private async ValueTask<(Outcome Outcome, long Version)> ReadListsAsync(
        ReadLists read, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        var stamp = heads.Stamp;
        if (Refusal(read.Precondition, existing: null, stamp) is { } refusal)
        {
            return (refusal, heads.Version);
        }

        var (found, version, at) = (new List<ListSummary>(), heads.Version, AliveAt(heads));
        foreach (var head in heads.Lists.Values
            .Where(static head => head.List.Role == ListRole.Records && head.Exists).OrderBy(static head => head.List.Name, StringComparer.Ordinal))
        {
            var (count, bytes) = (head.Count, head.Bytes);
            if (read.Exact && head.NextExpiry <= at && overlay.IsEmpty)
            {
                var query = new ListQuery { ExpiredBy = at, Deleted = false, Limit = int.MaxValue };
                var expired = await store.CountAsync(new RecordScan(heads.Key, head.Key, query, int.MaxValue, long.MaxValue), cancellationToken);
                if (expired.Head is not { } counted)
                {
                    // The list went away between heads and snapshot; the caller reads again with newer heads.
                    return (new Missing(new ObjectRef(head.List, "")), heads.Version + 1);
                }

                (count, bytes, version) = (counted.Count - expired.Count, counted.Bytes - expired.Bytes, Math.Max(version, expired.Version));
            }

            found.Add(new ListSummary(head.List.Name, head.Stamp(heads.Rules), count, bytes));
        }

        return (new ListsFound(found, stamp), version);
    }

    /// <summary>What a list lies in and is not there, of somebody who may look; null where it is there, or implied.</summary>
    public static ParentMissing? MissingParent(ListRef list, Caller caller, BucketHeads heads) =>
        caller.Access == BucketAccess.Own || list.Role == ListRole.Self ? null
        : !heads.Exists ? new ParentMissing(ObjectRef.Bucket)
        : list.Role == ListRole.Records && !heads[list].Exists ? new ParentMissing(ObjectRef.Collection(list.Name))
        : null;

    /// <summary>What a read answers whose subject, which exists, does not pass the precondition; null when it does.</summary>
    private static Outcome? Refusal(Precondition precondition, StoredRecord? existing, ServerTimestamp stamp) =>
        precondition.Failed(exists: true, stamp) switch
        {
            PreconditionTest.None => null,
            PreconditionTest.NoneMatch or PreconditionTest.MustNotExist or PreconditionTest.ModifiedSince => new NotModified(stamp),
            _ => new PreconditionFailed(existing, stamp),
        };

    private static readonly Dictionary<string, StoredRecord> NoRows = [];
}
