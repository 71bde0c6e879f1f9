using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// From when on a reader begins anew whose groups in other buckets changed. Those buckets say when that was by their own clocks, so stamps of
/// several clocks are compared here. Invariants, as long as wall clocks, with what a commit and a read take, differ by no more than
/// <see cref="AccessOptions.MaxClockDifference"/>:
/// <list type="number">
/// <item>Whatever stamp a reader was given who did not know of the change is below <see cref="Counted"/>. So it lies as much later than
/// the change as somebody may be answered by what is remembered, and as clocks may differ, once for the other bucket and once for how far this one may lead.</item>
/// <item>No write to come gets a stamp that a reader has who has begun anew. So it counts only once the wall clock is past it by that difference.</item>
/// <item>Until then a reader is given no stamp above <see cref="Bound"/>: they would be taken for one who has begun anew.</item>
/// <item>Where this bucket's clock led by more than that, nobody can tell which of its stamps came before the change. The change counts once more from where the lead ended.</item>
/// </list>
/// </summary>
/// <param name="Counted">That of the newest change that counts already; zero for none.</param>
/// <param name="Bound">See above; null while no change is still to count.</param>
internal readonly record struct ForeignHorizon(ServerTimestamp Counted, ServerTimestamp? Bound)
{
    /// <param name="changes">When the reader's groups in other buckets changed, by those buckets' clocks.</param>
    /// <param name="heads">This bucket.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="now">The wall clock.</param>
    public static ForeignHorizon Of(IReadOnlyList<ServerTimestamp> changes, BucketHeads heads, AccessOptions options, ServerTimestamp now)
    {
        var (counted, bound) = (ServerTimestamp.Zero, default(ServerTimestamp?));
        var lead = IsLead(heads.Clock, now, options) ? heads.Clock : heads[ListRef.Self].Horizon;
        foreach (var change in changes)
        {
            var settled = change.Plus(Settling(options));
            Count(settled);

            // Once more: what leads may have the lead's own last stamp, and whoever begins anew has the next one.
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

    /// <summary>Whether a stamp is so far ahead of the wall clock that it is to be remembered as a lead.</summary>
    public static bool IsLead(ServerTimestamp stamp, ServerTimestamp now, AccessOptions options) => stamp > now.Plus(Difference(options) + Tolerance);

    /// <summary>
    /// Under which id a change of somebody's groups is written, of three that take turns. A change hides those before it that share its id, so
    /// that of one who comes and goes all the time there is always one that counts already: none is hidden before it has.
    /// </summary>
    /// <param name="stamp">When it is.</param>
    /// <param name="options">Bounds.</param>
    public static string IdOf(ServerTimestamp stamp, AccessOptions options) =>
        (stamp.Milliseconds / (Settling(options) + (2 * Difference(options)) + 2) % 3) switch { 0 => "0", 1 => "1", _ => "2" };

    /// <summary>How long after a change it is until all know of it, in milliseconds.</summary>
    private static long Settling(AccessOptions options) => (long)options.MembershipTime.TotalMilliseconds + (2 * Difference(options)) + Tolerance;

    private static long Difference(AccessOptions options) => (long)options.MaxClockDifference.TotalMilliseconds;

    private static long Tolerance => (long)BucketClock.HintTolerance.TotalMilliseconds;
}
