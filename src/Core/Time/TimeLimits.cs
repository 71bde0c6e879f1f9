using System.Collections.Concurrent;

namespace Lockstep.Core.Time;

/// <summary>
/// Tokens that end after a time, for work that is short and much: a timer and a source that were not needed are used again. Whoever
/// gives one back has ended all that looks at its token.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class TimeLimits(TimeProvider time)
{
    private const int MaxKept = 64;

    private readonly ConcurrentQueue<CancellationTokenSource> kept = new();
    private int count;

    /// <summary>One that ends after so long. With <see cref="Timeout.InfiniteTimeSpan"/> it can be told so later, by <see cref="CancellationTokenSource.CancelAfter(TimeSpan)"/>.</summary>
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
        // Of a clock that is not the system's it cannot be known whether its timer has fired.
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
