namespace Lockstep.Grains;

/// <summary>
/// Tells callers who wait for an owner that a silo has died. Orleans does not report a call that a living silo had forwarded to a dead one: its
/// caller would wait for the whole timeout. So a call sent before a death that has not returned fifteen seconds after it counts as lost.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class SiloDeaths(TimeProvider time)
{
    // Living owners have answered by then, even those that have just moved.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    private CancellationTokenSource next = New(time);

    /// <summary>Cancelled fifteen seconds after the next death.</summary>
    public CancellationToken Next => Volatile.Read(ref next).Token;

    /// <summary>Reports the death of a silo that had not announced that it would stop.</summary>
    public void Tell() => Interlocked.Exchange(ref next, New(time)).CancelAfter(Grace);

    private static CancellationTokenSource New(TimeProvider time) => new(Timeout.InfiniteTimeSpan, time);
}
