namespace Lockstep.Storage.Contract;

/// <summary>
/// A clock that stands still until it is moved, for what has no timers: those run by the machine's clock, see <see cref="FakeTime"/>.
/// Wall clock and elapsed time are moved separately.
/// </summary>
public sealed class ManualTime : TimeProvider
{
    private long wallClock = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    private long elapsed;

    public long Now => Interlocked.Read(ref wallClock);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Now);

    public override long GetTimestamp() => Interlocked.Read(ref elapsed);

    /// <summary>Time passes.</summary>
    public void Pass(TimeSpan time)
    {
        Interlocked.Add(ref elapsed, time.Ticks);
        JumpWallClock(time);
    }

    /// <summary>Somebody sets the wall clock; no time passes.</summary>
    public void JumpWallClock(TimeSpan by) => Interlocked.Add(ref wallClock, (long)by.TotalMilliseconds);
}
