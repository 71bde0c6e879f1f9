using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Buckets;

/// <summary>
/// Issues a bucket's stamps. Invariants:
/// <list type="number">
/// <item>Every stamp is greater than every earlier stamp of the same bucket. The wall clock is only a lower bound, so a
/// clock that jumps back, an owner that moved, or a bucket that was deleted and created again makes no difference.</item>
/// <item>A stamp counts as issued once the commit that carries it is done: the high-water mark is saved in the same
/// transaction, never ahead of it.</item>
/// <item>Stamps are multiples of the step of the bucket's kind. A protocol that prints two decimals of a second needs a step of 10 ms; otherwise two
/// writes would look alike there.</item>
/// </list>
/// </summary>
public static class BucketClock
{
    /// <summary>How far ahead of the wall clock a client's own <c>last_modified</c> may be to be accepted.</summary>
    public static readonly TimeSpan HintTolerance = TimeSpan.FromSeconds(1);

    /// <summary>The stamp of the bucket's next write.</summary>
    public static ServerTimestamp Next(BucketRules rules, ServerTimestamp now, ServerTimestamp last)
    {
        long step = rules.StepMs;
        var earliest = Math.Max(now.Milliseconds, last.Milliseconds + step);
        var rest = earliest % step;
        return new ServerTimestamp(rest == 0 ? earliest : earliest + step - rest);
    }

    /// <summary>
    /// Whether a stamp that a client proposes can be used without harm to other readers: it must be above the clock, so that pollers
    /// see it, and not so far ahead that it drags the list into the future.
    /// </summary>
    public static bool Accepts(BucketRules rules, ServerTimestamp hint, ServerTimestamp now, ServerTimestamp last) =>
        hint > last
        && hint.Milliseconds <= now.Milliseconds + (long)HintTolerance.TotalMilliseconds
        && hint.Milliseconds % rules.StepMs == 0;
}
