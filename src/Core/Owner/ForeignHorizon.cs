using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// The stamp from which a reader starts over after their groups in other buckets changed. Those buckets report the change by their own clocks, so
/// this compares stamps of several clocks. Invariants, as long as wall clocks, together with the time of a commit and a read, differ by no more than
/// <see cref="AccessOptions.MaxClockDifference"/>:
/// <list type="number">
/// <item>Every stamp given to a reader who did not know of the change is below <see cref="Counted"/>. So it is later than
/// the change by the time that memberships are cached, plus the clock difference twice: once for the other bucket, once for this bucket's lead.</item>
/// <item>No later write gets a stamp that a restarted reader has. So the change counts only once the wall clock is past it by that difference.</item>
/// <item>Until then a reader gets no stamp above <see cref="Bound"/>: they would look like one who has started over.</item>
/// <item>If this bucket's clock led by more than that, its stamps cannot be ordered against the change. The change then counts again from the end of the lead.</item>
/// </list>
/// </summary>
/// <param name="Counted">The stamp of the newest change that counts already; zero for none.</param>
/// <param name="Bound">See above; null if no change is pending.</param>
internal readonly record struct ForeignHorizon(ServerTimestamp Counted, ServerTimestamp? Bound)
{
    /// <param name="changes">When the reader's groups in other buckets changed, by those buckets' clocks.</param>
    /// <param name="heads">This bucket.</param>
    /// <param name="options">Limits.</param>
    /// <param name="now">The wall clock.</param>
    public static ForeignHorizon Of(IReadOnlyList<ServerTimestamp> changes, BucketHeads heads, AccessOptions options, ServerTimestamp now)
    {
        var (counted, bound) = (ServerTimestamp.Zero, default(ServerTimestamp?));
        var lead = IsLead(heads.Clock, now, options) ? heads.Clock : heads[ListRef.Self].Horizon;
        foreach (var change in changes)
        {
            var settled = change.Plus(Settling(options));
            Count(settled);

            // Once more: a leading write may have the lead's own last stamp, and a restarted reader has the next one.
            if (lead >= settled)
            {
                Count(lead.Plus(1));
            }
        }

        return new ForeignHorizon(counted, bound);

        void Count(ServerTimestamp horizon)
        {
            if (horizon.Plus(1 + Difference(options)) < now)
            {
                counted = ServerTimestamp.Max(counted, horizon);
            }
            else if (!(bound < horizon))
            {
                bound = horizon.Plus(-1);
            }
        }
    }

    /// <summary>Whether a stamp is so far ahead of the wall clock that it is recorded as a lead.</summary>
    public static bool IsLead(ServerTimestamp stamp, ServerTimestamp now, AccessOptions options) => stamp > now.Plus(Difference(options) + Tolerance);

    /// <summary>
    /// The id under which a change of somebody's groups is stored. Three ids take turns. A change replaces the earlier one with the same id. So
    /// for somebody who joins and leaves all the time, one stored change always counts already: none is replaced before it counts.
    /// </summary>
    /// <param name="stamp">The stamp of the change.</param>
    /// <param name="options">Limits.</param>
    public static string IdOf(ServerTimestamp stamp, AccessOptions options) =>
        (stamp.Milliseconds / (Settling(options) + (2 * Difference(options)) + 2) % 3) switch { 0 => "0", 1 => "1", _ => "2" };

    /// <summary>How long after a change all processes know of it, in milliseconds.</summary>
    private static long Settling(AccessOptions options) => (long)options.MembershipTime.TotalMilliseconds + (2 * Difference(options)) + Tolerance;

    private static long Difference(AccessOptions options) => (long)options.MaxClockDifference.TotalMilliseconds;

    private static long Tolerance => (long)BucketClock.HintTolerance.TotalMilliseconds;
}
