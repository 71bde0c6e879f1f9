using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// What is answered of a list by what its head says alone. Invariants:
/// <list type="number">
/// <item>No such answer is given to a reader who has seen a newer stamp than the heads carry: the store is ahead of them then.</item>
/// <item>A reader from before a list's horizon holds records of whose end nothing tells any more: it starts over.</item>
/// </list>
/// </summary>
internal static class ListAnswers
{
    /// <summary>Of a list that a turn has changed nothing in.</summary>
    public static readonly IReadOnlyDictionary<string, StoredRecord> NoRows = new Dictionary<string, StoredRecord>(StringComparer.Ordinal);

    /// <summary>
    /// The answers that need no rows. None is given to a reader who has seen a newer stamp than these heads carry: the
    /// store is ahead of them then.
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

    /// <summary>Whether the caller carries a stamp that these heads know nothing of.</summary>
    public static bool HasSeenNewer(Operation operation, BucketHeads heads) => operation switch
    {
        ListRecords list => Lower(list.Query, heads) > heads[list.List].Stamp(heads.Rules) || list.Precondition.NewestValue > heads[list.List].Stamp(heads.Rules),
        CountRecords count => count.Query.Since > heads[count.List].RowsModified || count.Precondition.NewestValue > heads[count.List].RowsModified,
        _ => operation.Precondition.NewestValue > heads.Clock,
    };

    /// <summary>What a reader has seen already. Where deletions leave no rows every lower bound says so.</summary>
    private static ServerTimestamp? Lower(ListQuery query, BucketHeads heads) => heads.Rules.Tombstones ? query.Since : query.LowerBound;

    /// <summary>
    /// A reader from before the list's last deletion, or the last purge of its tombstones, holds records of whose end nothing
    /// tells any more. So does one that was in the middle of its pages when that happened.
    /// </summary>
    public static bool IsFromBeforeHorizon(ListQuery query, ListHead head) =>
        query.Since is { } since && since > ServerTimestamp.Zero && since < head.Horizon;

    /// <summary>
    /// A reader with the horizon's own stamp was told to start over, and simply polls on: it is given the whole list, also
    /// what is older than the horizon.
    /// </summary>
    public static ListQuery FromHorizon(ListQuery query, ListHead head) =>
        query.Since is { } since && since == head.Horizon ? query with { Since = ServerTimestamp.Zero } : query;

    /// <summary>Empty and newer is what kinto.js takes for "the server was flushed"; for others see <see cref="FromHorizon"/>.</summary>
    public static PageFound StartOver(ListHead head) => new([], head.Horizon, Next: null);

    /// <summary>What a read answers whose subject, which exists, does not pass the precondition; null when it does.</summary>
    public static Outcome? Refusal(Precondition precondition, StoredRecord? existing, ServerTimestamp stamp) =>
        precondition.Failed(exists: true, stamp) switch
        {
            PreconditionTest.None => null,
            PreconditionTest.NoneMatch or PreconditionTest.MustNotExist or PreconditionTest.ModifiedSince => new NotModified(stamp),
            _ => new PreconditionFailed(existing, stamp),
        };
}
