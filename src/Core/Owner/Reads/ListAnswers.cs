using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Answers about a list from its head alone. Invariants:
/// <list type="number">
/// <item>A reader who has seen a newer stamp than the heads carry gets no such answer, because the store is then ahead of the heads.</item>
/// <item>A reader from before a list's horizon may hold records whose deletion is no longer recorded. They start over.</item>
/// </list>
/// </summary>
internal static class ListAnswers
{
    /// <summary>For a list that the turn has not changed.</summary>
    public static readonly IReadOnlyDictionary<string, StoredRecord> NoRows = new Dictionary<string, StoredRecord>(StringComparer.Ordinal);

    /// <summary>
    /// The answers that need no rows. A reader who has seen a newer stamp than these heads carry gets none, because the
    /// store is then ahead of the heads.
    /// </summary>
    public static Outcome? FromHeads(ListRecords list, ListHead head, BucketHeads heads)
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

    /// <summary>Whether the caller has a stamp that these heads do not know.</summary>
    public static bool HasSeenNewer(Operation operation, BucketHeads heads) => operation switch
    {
        ListRecords list => Lower(list.Query, heads) > heads[list.List].Stamp(heads.Rules) || list.Precondition.NewestValue > heads[list.List].Stamp(heads.Rules),
        CountRecords count => count.Query.Since > heads[count.List].RowsModified || count.Precondition.NewestValue > heads[count.List].RowsModified,
        _ => operation.Precondition.NewestValue > heads.Clock,
    };

    /// <summary>The stamp up to which a reader has seen the list. Where deletions leave no rows, any lower bound says so.</summary>
    private static ServerTimestamp? Lower(ListQuery query, BucketHeads heads) => heads.Rules.Tombstones ? query.Since : query.LowerBound;

    /// <summary>
    /// A reader from before the list's last deletion, or the last purge of its tombstones, may hold records whose deletion is no longer
    /// recorded. So may a reader who was in the middle of their pages at that time.
    /// </summary>
    public static bool IsFromBeforeHorizon(ListQuery query, ListHead head) =>
        query.Since is { } since && since > ServerTimestamp.Zero && since < head.Horizon;

    /// <summary>
    /// A reader with the horizon's own stamp was told to start over, and simply polls again. They get the whole list, including
    /// records older than the horizon.
    /// </summary>
    public static ListQuery FromHorizon(ListQuery query, ListHead head) =>
        query.Since is { } since && since == head.Horizon ? query with { Since = ServerTimestamp.Zero } : query;

    /// <summary>The page that tells a reader to start over. kinto.js takes an empty page with a newer stamp for a flushed server. For other clients see <see cref="FromHorizon"/>.</summary>
    public static PageFound StartOver(ListHead head) => new([], head.Horizon, Next: null);

    /// <summary>The answer to a read of an existing subject that fails its precondition; null if it passes.</summary>
    public static Outcome? Refusal(Precondition precondition, StoredRecord? existing, ServerTimestamp stamp) =>
        precondition.Failed(exists: true, stamp) switch
        {
            PreconditionTest.None => null,
            PreconditionTest.NoneMatch or PreconditionTest.MustNotExist or PreconditionTest.ModifiedSince => new NotModified(stamp),
            _ => new PreconditionFailed(existing, stamp),
        };
}
