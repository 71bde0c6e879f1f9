namespace Lockstep.Gateway.Kinto.Live;

/// <summary>When a stream looks at all lists by itself. The first time is earlier: not all at once, where many came at once.</summary>
internal sealed class LiveCheck(TimeSpan interval, TimeProvider time)
{
    private TimeSpan until = Jitter.Of(interval, 0.5, 1);
    private long begun;
    private bool isNext;

    /// <summary>Until then; none or less for now, as before the first time.</summary>
    public TimeSpan Left => isNext ? until - time.GetElapsedTime(begun) : TimeSpan.Zero;

    /// <summary>It looks at all lists now.</summary>
    public void Begin()
    {
        (until, isNext) = (isNext ? interval : until, true);
        begun = time.GetTimestamp();
    }
}
