namespace Lockstep.Grains;

/// <summary>
/// Tells those who wait for an owner that a silo has died. Orleans tells nobody of a call that a living silo had passed on to a dead one: it would
/// be waited for until its time is over. So what was sent before a death and has not come back fifteen seconds after it counts as lost.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class SiloDeaths(TimeProvider time)
{
    // Living owners have answered by then, also those that have just moved.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    private CancellationTokenSource next = New(time);

    /// <summary>Ends fifteen seconds after the next death.</summary>
    public CancellationToken Next => Volatile.Read(ref next).Token;

    /// <summary>A silo has died that had not said before that it would stop.</summary>
    public void Tell() => Interlocked.Exchange(ref next, New(time)).CancelAfter(Grace);

    private static CancellationTokenSource New(TimeProvider time) => new(Timeout.InfiniteTimeSpan, time);
}
