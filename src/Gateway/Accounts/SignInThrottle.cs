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

    /// <summary>Counts a try as failed before it is made, so that many at once are not all let through.</summary>
    /// <returns>How long to wait before the next try; zero when this one may be made.</returns>
    public TimeSpan Begin(string account, string address)
    {
        // A device that asks on with an old password must not use up what the others behind its address have.
        var wait = Count(Pair(account, address), options.MaxFailures);
        return wait > TimeSpan.Zero ? wait : Count(address, options.MaxFailuresPerAddress);
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
        return window.Failures > limit ? options.FailureWindow - time.GetElapsedTime(window.Began) : TimeSpan.Zero;
    }

    private bool HasEnded(Window window) => time.GetElapsedTime(window.Began) >= options.FailureWindow;

    private sealed record Window(long Began, int Failures);
}
