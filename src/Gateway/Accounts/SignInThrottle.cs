using System.Collections.Concurrent;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// Counts wrong passwords, by account and address and by address alone. Not by account alone: anybody could then lock
/// somebody else out. A window begins with the first failure and ends after a fixed time; memory is bounded by refusing
/// to remember more windows than fit and dropping the ended ones.
/// </summary>
internal sealed class SignInThrottle(AccountOptions options, TimeProvider time)
{
    private const int MaxWindows = 100_000;

    private readonly ConcurrentDictionary<string, Window> windows = new(StringComparer.Ordinal);

    /// <returns>How long to wait before the next try; zero when it may be made now.</returns>
    public TimeSpan Wait(string account, string address)
    {
        var pair = Wait(Pair(account, address), options.MaxFailures);
        var alone = Wait(address, options.MaxFailuresPerAddress);
        return pair > alone ? pair : alone;
    }

    /// <summary>Counts a try as failed before it is made, so that many at once are not all let through.</summary>
    public void Begin(string account, string address)
    {
        Count(Pair(account, address));
        Count(address);
    }

    /// <summary>The try was right: the account's failures from there are forgotten, and the try itself.</summary>
    public void Succeed(string account, string address)
    {
        windows.TryRemove(Pair(account, address), out _);
        if (windows.TryGetValue(address, out var window) && window.Failures > 0)
        {
            windows.TryUpdate(address, window with { Failures = window.Failures - 1 }, window);
        }
    }

    private static string Pair(string account, string address) => $"{address} {account}";

    private TimeSpan Wait(string key, int limit)
    {
        if (!windows.TryGetValue(key, out var window) || window.Failures < limit)
        {
            return TimeSpan.Zero;
        }

        var left = options.FailureWindow - time.GetElapsedTime(window.Began);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void Count(string key)
    {
        if (windows.Count >= MaxWindows)
        {
            foreach (var (old, window) in windows)
            {
                if (HasEnded(window))
                {
                    windows.TryRemove(old, out _);
                }
            }

            if (windows.Count >= MaxWindows && !windows.ContainsKey(key))
            {
                return;
            }
        }

        windows.AddOrUpdate(
            key,
            _ => new Window(time.GetTimestamp(), 1),
            (_, window) => HasEnded(window) ? new Window(time.GetTimestamp(), 1) : window with { Failures = window.Failures + 1 });
    }

    private bool HasEnded(Window window) => time.GetElapsedTime(window.Began) >= options.FailureWindow;

    private sealed record Window(long Began, int Failures);
}
