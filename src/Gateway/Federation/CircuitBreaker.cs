namespace Lockstep.Gateway.Federation;

/// <summary>
/// Keeps requests from waiting for a server that does not answer. After five failures in a row nobody asks it for ten seconds; then one request
/// tries it. Safe for concurrent use.
/// </summary>
public sealed class CircuitBreaker(TimeProvider time)
{
    public const int MaxFailures = 5;
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private int failures;
    private long lastAsked;

    /// <summary>Whether to ask now. A caller that gets true reports the outcome.</summary>
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

    /// <returns>Whether this failure opens the circuit.</returns>
    public bool Failed()
    {
        lock (gate)
        {
            lastAsked = time.GetTimestamp();
            return ++failures == MaxFailures;
        }
    }
}
