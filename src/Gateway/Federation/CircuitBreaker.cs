namespace Lockstep.Gateway.Federation;

/// <summary>
/// Keeps requests from waiting for somebody who does not answer: after five failures in a row nobody asks for ten seconds, then one does to
/// find out. Safe for concurrent use.
/// </summary>
public sealed class CircuitBreaker(TimeProvider time)
{
    public const int MaxFailures = 5;
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private int failures;
    private long lastAsked;

    /// <summary>Whether to ask now. Whoever is told to says how it ended.</summary>
    public bool TryAsk()
    {
        lock (gate)
        {
            if (failures >= MaxFailures && time.GetElapsedTime(lastAsked) < Pause)
            {
                return false;
            }

            lastAsked = time.GetTimestamp();
            return true;
        }
    }

    public void Answered()
    {
        lock (gate)
        {
            failures = 0;
        }
    }

    /// <returns>Whether this is the failure from which on nobody asks.</returns>
    public bool Failed()
    {
        lock (gate)
        {
            lastAsked = time.GetTimestamp();
            return ++failures == MaxFailures;
        }
    }
}
