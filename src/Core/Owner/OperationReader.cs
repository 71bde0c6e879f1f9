using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Answers the reading operations, for readers beside the queue (with no uncommitted rows) and inside a turn alike.
/// The stamp of a list that was read comes from the same snapshot as its rows; a poll with nothing new is answered from
/// the heads alone.
/// </summary>
internal sealed class OperationReader(IBucketStore store, ListReader lists, TimeProvider time)
{
    /// <summary>Whether the caller may do anything in this bucket.</summary>
    public static bool MayAccess(BucketHeads heads, Caller caller) =>
        heads.Id.Kind != BucketKind.Unknown
        && (caller.Access == BucketAccess.Own || (caller.Access == BucketAccess.ByAcl && heads.Exists && IsAuthor(heads, caller.Principals)));

    /// <summary>Whether the caller made the bucket, which exists.</summary>
    public static bool IsAuthor(BucketHeads heads, PrincipalSet principals) =>
        principals.Contains(heads.Author) && principals.Account.Made(heads.AuthorNumber, heads[ListRef.Self].RowsModified);

    /// <returns>The outcome, and the version of the newest snapshot that it rests on.</returns>
    public async ValueTask<(Outcome Outcome, long Version)> ReadAsync(
        Operation operation, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        if (!MayAccess(heads, caller))
        {
            return (Forbidden.Instance, heads.Version);
        }

        switch (operation)
        {
            case ReadRecord read:
                return await ReadRecordAsync(read, caller, heads, overlay, cancellationToken);
            case ListRecords list:
                return await ListAsync(list, caller, heads, overlay, cancellationToken);
            case CountRecords count:
                return await CountAsync(count, caller, heads, overlay, cancellationToken);
            case ReadLists read:
                return await ReadListsAsync(read, heads, overlay, cancellationToken);
            default:
                throw new InvalidOperationException($"{operation.GetType().Name} is no read.");
        }
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
            : Refusal(read.Precondition, record, record.Modified) ?? new RecordFound(record);
        return (outcome, version);
    }

    private async ValueTask<(Outcome Outcome, long Version)> ListAsync(
        ListRecords list, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        if (MissingParent(list.List, caller, heads) is { } parentMissing)
        {
            return (parentMissing, heads.Version);
        }

        var head = heads[list.List];
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
        var (outcome, version) = await lists.ReadAsync(heads, head, uncommitted, query, caller.Principals.User ?? "", cancellationToken);
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
        CountRecords count, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        if (MissingParent(count.List, caller, heads) is { } parentMissing)
        {
            return (parentMissing, heads.Version);
        }

        var head = heads[count.List];
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
        var scan = new RecordScan(heads.Key, head.Key, ListReader.Beneath(live, uncommitted), int.MaxValue, long.MaxValue);
        var stored = await store.CountAsync(scan, cancellationToken);
        if (uncommitted is not null)
        {
            return (new CountFound(stored.Count + uncommitted.Values.Count(live.Matches), head.RowsModified), stored.Version);
        }

        // The list went away between heads and snapshot; the caller reads again with newer heads.
        return stored.Head is not { } counted
            ? (new Missing(new ObjectRef(count.List, "")), heads.Version + 1)
            : (Refusal(count.Precondition, existing: null, counted.RowsModified) ?? new CountFound(stored.Count, counted.RowsModified), stored.Version);
    }

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

    private static ParentMissing? MissingParent(ListRef list, Caller caller, BucketHeads heads) =>
        list.Role == ListRole.Records && caller.Access != BucketAccess.Own && !heads[list].Exists
            ? new ParentMissing(ObjectRef.Collection(list.Name))
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
