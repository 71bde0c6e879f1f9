using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Reads for callers who may see all that they ask for. A list's stamp comes from the same snapshot as its rows. A poll with
/// nothing new is answered from the heads alone.
/// </summary>
/// <param name="objects">Finds objects.</param>
/// <param name="store">The store of the bucket.</param>
/// <param name="lists">Reads pages.</param>
/// <param name="filtered">Counts by fields.</param>
/// <param name="asOf">Reads earlier states.</param>
/// <param name="time">The clock.</param>
internal sealed class WholeReads(ObjectReader objects, IBucketStore store, ListReader lists, FilteredReader filtered, AsOfReader asOf, TimeProvider time)
{
    public async ValueTask<(Outcome Outcome, long Version)> ReadRecordAsync(
        ReadRecord read, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        if (ObjectReader.MissingParent(read.Target.List, caller, heads) is { } parentMissing)
        {
            return (parentMissing, heads.Version);
        }

        var record = await objects.FindAsync(read.Target, heads, overlay, cancellationToken);
        var version = record?.Modified > heads.Clock ? heads.Version + 1 : heads.Version;
        if (record is null or { IsTombstone: true } || (objects.AliveAt(heads) is { } at && !record.IsAlive(at)))
        {
            record = ObjectReader.Implied(read.Target, caller, heads);
        }

        var outcome = record is null ? new Missing(read.Target)
            : ListAnswers.Refusal(read.Precondition, record, record.Modified) ?? new RecordFound(objects.Shown(record, read.Target.List, caller, heads));
        return (outcome, version);
    }

    /// <summary>Reads a list for the bucket's owner. Polls with nothing new are answered at once.</summary>
    public ValueTask<(Outcome Outcome, long Version)> ListOwnAsync(
        ListRecords list, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken) =>
        FromHeads(list, caller, heads, heads[list.List]) is { } answer
            ? new(NotBefore((answer, heads.Version), list.Query, heads))
            : ReadOwnAsync(list, caller, heads, overlay, cancellationToken);

    private async ValueTask<(Outcome Outcome, long Version)> ReadOwnAsync(
        ListRecords list, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken) =>
        NotBefore(await ReadListAsync(list, caller, heads, heads[list.List], overlay, cancellationToken), list.Query, heads);

    /// <param name="list">The request.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="head">The list as the caller sees it.</param>
    /// <param name="overlay">The turn's changes.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public ValueTask<(Outcome Outcome, long Version)> ListAsync(
        ListRecords list, Caller caller, BucketHeads heads, ListHead head, Overlay overlay, CancellationToken cancellationToken) =>
        FromHeads(list, caller, heads, head) is { } answer ? new((answer, heads.Version)) : ReadListAsync(list, caller, heads, head, overlay, cancellationToken);

    private static Outcome? FromHeads(ListRecords list, Caller caller, BucketHeads heads, ListHead head) =>
        ObjectReader.MissingParent(list.List, caller, heads) ?? ListAnswers.FromHeads(list, head, heads);

    private async ValueTask<(Outcome Outcome, long Version)> ReadListAsync(
        ListRecords list, Caller caller, BucketHeads heads, ListHead head, Overlay overlay, CancellationToken cancellationToken)
    {
        if (!head.Exists)
        {
            return (RecordSelection.Page([], list.Query with { Sort = [] }, head.Stamp(heads.Rules), cancellationToken), heads.Version);
        }

        var uncommitted = overlay.IsEmpty ? null : overlay.RowsOf(head.Key) ?? ListAnswers.NoRows;
        var query = ListAnswers.FromHorizon(list.Query, head) with { AliveAt = objects.AliveAt(heads) };
        var (outcome, version) = await lists.ReadAsync(heads, head, uncommitted, query, Asker.Of(caller, overlay), cancellationToken);
        if (outcome is PageFound older && older.ListStamp < head.RowsModified && list.Query.Cursor is null)
        {
            outcome = older with { ListStamp = head.RowsModified, Next = older.Next is { } next ? next with { ListStamp = head.RowsModified } : null };
        }

        if (outcome is PageFound page && ListAnswers.Refusal(list.Precondition, existing: null, page.ListStamp) is { } refusal)
        {
            outcome = refusal;
        }
        else if (outcome is PageFound && ListAnswers.IsFromBeforeHorizon(list.Query, head))
        {
            outcome = ListAnswers.StartOver(head);
        }

        // The list was deleted between heads and snapshot; the caller reads again with newer heads.
        return (outcome ?? new Missing(new ObjectRef(list.List, "")), outcome is null ? heads.Version + 1 : version);
    }

    public async ValueTask<(Outcome Outcome, long Version)> CountAsync(
        CountRecords count, Caller caller, BucketHeads heads, ListHead head, Overlay overlay, CancellationToken cancellationToken)
    {
        if (ObjectReader.MissingParent(count.List, caller, heads) is { } parentMissing)
        {
            return (parentMissing, heads.Version);
        }

        if (ListAnswers.Refusal(count.Precondition, existing: null, head.RowsModified) is { } refusal)
        {
            return (refusal, heads.Version);
        }

        var aliveAt = objects.AliveAt(heads);
        if (!head.Exists || (!count.Query.HasFilters && !(head.NextExpiry <= aliveAt)))
        {
            return (new CountFound(head.Count, head.RowsModified), heads.Version);
        }

        // Totals count live records only, even if a filter shows tombstones.
        var live = ListAnswers.FromHorizon(count.Query, head) with { Deleted = false, Cursor = null, Limit = int.MaxValue, AliveAt = aliveAt };
        if (count.Query.Deleted == true)
        {
            return (new CountFound(0, head.RowsModified), heads.Version);
        }

        var uncommitted = overlay.IsEmpty ? null : overlay.RowsOf(head.Key) ?? ListAnswers.NoRows;
        if (live.Fields.Count > 0)
        {
            var (found, read) = await filtered.CountAsync(heads, head, uncommitted, live, visible: null, Asker.Of(caller, overlay), cancellationToken);
            return found is null
                ? (new Missing(new ObjectRef(count.List, "")), heads.Version + 1)
                : (found is CountFound total && uncommitted is null ? ListAnswers.Refusal(count.Precondition, existing: null, total.ListStamp) ?? found : found, read);
        }

        var scan = new RecordScan(heads.Key, head.Key, ListReader.Beneath(live, uncommitted), int.MaxValue, long.MaxValue);
        var stored = await store.CountAsync(scan, cancellationToken);
        if (uncommitted is not null)
        {
            return (new CountFound(stored.Count + uncommitted.Values.Count(live.Matches), head.RowsModified), stored.Version);
        }

        // The list was deleted between heads and snapshot; the caller reads again with newer heads.
        return stored.Head is not { } counted
            ? (new Missing(new ObjectRef(count.List, "")), heads.Version + 1)
            : (ListAnswers.Refusal(count.Precondition, existing: null, Newer(counted, head)) ?? new CountFound(stored.Count, Newer(counted, head)), stored.Version);
    }

    /// <summary>The list's stamp for a caller, who may have started over since its last change.</summary>
    private static ServerTimestamp Newer(ListHead stored, ListHead seen) => ServerTimestamp.Max(stored.RowsModified, seen.RowsModified);

    public async ValueTask<(Outcome Outcome, long Version)> ReadListsAsync(
        ReadLists read, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        var stamp = heads.Stamp;
        if (ListAnswers.Refusal(read.Precondition, existing: null, stamp) is { } refusal)
        {
            return (refusal, heads.Version);
        }

        var (found, version, at) = (new List<ListSummary>(), heads.Version, objects.AliveAt(heads));
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
                    // The list was deleted between heads and snapshot; the caller reads again with newer heads.
                    return (new Missing(new ObjectRef(head.List, "")), heads.Version + 1);
                }

                (count, bytes, version) = (counted.Count - expired.Count, counted.Bytes - expired.Bytes, Math.Max(version, expired.Version));
            }

            found.Add(new ListSummary(head.List.Name, head.Stamp(heads.Rules), count, bytes));
        }

        return (new ListsFound(found, stamp), version);
    }

    public async ValueTask<(Outcome Outcome, long Version)> ReadAsOfAsync(
        ReadAsOf read, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken) =>
        ObjectReader.MissingParent(read.List, caller, heads) is { } missing ? (missing, heads.Version) : await asOf.ReadAsync(read, Asker.Of(caller, overlay), heads, overlay, cancellationToken);

    public static Outcome Indexes(ListRef list, Caller caller, BucketHeads heads) =>
        ObjectReader.MissingParent(list, caller, heads) ?? (Outcome)new FieldIndexesFound(
            [.. heads[list].Indexes.Select(static index => new FieldIndexProgress(index.Path, index.Built, index.IsUsable))], heads[list].Count);

    /// <summary>
    /// A caller's view of a list can get an older stamp than they have seen. Groups of other buckets may have moved it and no longer
    /// do so, or the caller has become the bucket's author, whose view has no such changes. Their stamp then stays, as long as the
    /// next write's stamp is later. Where nobody's view ever changed, a stamp that this bucket never issued is not returned.
    /// </summary>
    public (Outcome Outcome, long Version) NotBefore((Outcome Outcome, long Version) read, ListQuery query, BucketHeads heads) =>
        read.Outcome is PageFound { Records.Count: 0 } page && query.Cursor is null && query.Since is { } since && page.ListStamp < since
            && (heads.Acl is { } acl && (acl.Horizon > ServerTimestamp.Zero || acl.ForeignGroups.Count > 0))
            && (since <= heads.Clock || since < ServerTimestamp.Now(time))
            ? (page with { ListStamp = since }, read.Version)
            : read;
}
