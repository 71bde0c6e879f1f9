using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Storage.Contract;

/// <summary>
/// A clock that stands still until it is moved, with timers that come due as it is. Wall clock and elapsed time are moved
/// separately; timers go by elapsed time.
/// </summary>
/// <param name="start">What the wall clock shows at first.</param>
public sealed class FakeTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private long ahead;

    public FakeTime()
        : this(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>Timers go by the machine's clock instead, for a whole server: in a cluster it would not even start without. Default: false.</summary>
    public bool TimersAreReal { get; init; }

    /// <summary>Timers that were made: who waits for one to be there before time passes waits here.</summary>
    public Tally Timers { get; } = new();

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref ahead));

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = TimersAreReal ? System.CreateTimer(callback, state, dueTime, period) : base.CreateTimer(callback, state, dueTime, period);
        Timers.Add();
        return timer;
    }

    /// <summary>Somebody sets the wall clock, or the machine slept, which its monotonic clock does not show; no timer comes due.</summary>
    public void JumpWallClock(TimeSpan by) => Interlocked.Add(ref ahead, by.Ticks);
}
