namespace Lockstep.Gateway.Kinto.Live;

/// <summary>When a stream looks at all lists without a notice. The first time comes earlier, after a random part of the interval, so that streams that began together do
/// not look together.</summary>
internal sealed class LiveCheck(TimeSpan interval, TimeProvider time)
{
    private TimeSpan until = Jitter.Of(interval, 0.5, 1);
    private long begun;
    private bool isNext;

    /// <summary>The time until then; zero or less for now, as before the first look.</summary>
    public TimeSpan Left => isNext ? until - time.GetElapsedTime(begun) : TimeSpan.Zero;

    /// <summary>The stream looks at all lists now.</summary>
    public void Begin()
    {
        (until, isNext) = (isNext ? interval : until, true);
        begun = time.GetTimestamp();
    }
}
