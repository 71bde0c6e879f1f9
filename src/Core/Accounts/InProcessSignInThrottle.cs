using System.Collections.Concurrent;

namespace Lockstep.Core.Accounts;

/// <summary>
/// Counts in memory. A window begins with the first failure and ends after a fixed time; memory is bounded by refusing to
/// remember more windows than fit and dropping the ended ones.
/// </summary>
public sealed class InProcessSignInThrottle(SignInLimits limits, TimeProvider time) : ISignInThrottle
{
    private const int MaxWindows = 100_000;

    private readonly ConcurrentDictionary<string, Window> windows = new(StringComparer.Ordinal);

    public ValueTask<TimeSpan> BeginAsync(string account, string address, CancellationToken cancellationToken)
    {
        // A device that asks on with an old password must not use up what the others behind its address have.
        var wait = Count(Pair(account, address), limits.Failures);
        return new(wait > TimeSpan.Zero ? wait : Count(address, limits.FailuresPerAddress));
    }

    /// <summary>A try counts as failed from its begin, so that only a right one is to be told.</summary>
    public ValueTask EndAsync(string account, string address, bool right)
    {
        if (right)
        {
            windows.TryRemove(Pair(account, address), out _);
            if (windows.TryGetValue(address, out var window) && window.Failures > 0)
            {
                windows.TryUpdate(address, window with { Failures = window.Failures - 1 }, window);
            }
        }

        return default;
    }

    private static string Pair(string account, string address) => $"{address} {account}";

    private TimeSpan Count(string key, int limit)
    {
        if (windows.Count >= MaxWindows)
        {
            foreach (var (old, ended) in windows)
            {
                if (HasEnded(ended))
                {
                    windows.TryRemove(old, out _);
                }
            }

            if (windows.Count >= MaxWindows && !windows.ContainsKey(key))
            {
                return TimeSpan.Zero;
            }
        }

        var window = windows.AddOrUpdate(
            key,
            _ => new Window(time.GetTimestamp(), 1),
            (_, known) => HasEnded(known) ? new Window(time.GetTimestamp(), 1) : known with { Failures = known.Failures + 1 });
        return window.Failures > limit ? limits.Window - time.GetElapsedTime(window.Began) : TimeSpan.Zero;
    }

    private bool HasEnded(Window window) => time.GetElapsedTime(window.Began) >= limits.Window;

    private sealed record Window(long Began, int Failures);
}
