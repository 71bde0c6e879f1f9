using System.Collections.Concurrent;

namespace Lockstep.Core.Time;

/// <summary>
/// Cancellation tokens with a time limit, for short and frequent work: a timer and a source that did not fire are reused. Before
/// a caller returns one, everything that uses its token must have ended.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class TimeLimits(TimeProvider time)
{
    private const int MaxKept = 64;

    private readonly ConcurrentQueue<CancellationTokenSource> kept = new();
    private int count;

    /// <summary>A source that is cancelled after a time. With <see cref="Timeout.InfiniteTimeSpan"/> the time can be set later, by <see cref="CancellationTokenSource.CancelAfter(TimeSpan)"/>.</summary>
    public CancellationTokenSource Take(TimeSpan within)
    {
        if (!kept.TryDequeue(out var source))
        {
            return new CancellationTokenSource(within, time);
        }

        Interlocked.Decrement(ref count);
        if (within != Timeout.InfiniteTimeSpan)
        {
            source.CancelAfter(within);
        }

        return source;
    }

    public void GiveBack(CancellationTokenSource source)
    {
        // With a clock other than the system's, nobody can know whether its timer has fired.
        if (Volatile.Read(ref count) < MaxKept && source.TryReset())
        {
            Interlocked.Increment(ref count);
            kept.Enqueue(source);
        }
        else
        {
            source.Dispose();
        }
    }
}
