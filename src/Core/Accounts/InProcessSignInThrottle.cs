namespace Lockstep.Core.Accounts;

/// <summary>
/// Counts in memory. A window begins with the first failure and ends after a fixed time. Memory is bounded: new windows are refused
/// when there is no room, and windows that no longer matter are dropped.
/// </summary>
public sealed class InProcessSignInThrottle(SignInLimits limits, TimeProvider time) : ISignInThrottle
{
    private const int MaxWindows = 100_000;

    // A full sweep takes long, and a client that fills the table would cause one with each try.
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromSeconds(1);

    // One lock for all: beside the password hash of each try its cost does not matter.
    private readonly Lock gate = new();
    private readonly Dictionary<string, Window> windows = new(StringComparer.Ordinal);
    private long? swept;

    public ValueTask<SignInPermit> BeginAsync(SignInTry attempt, CancellationToken cancellationToken)
    {
        var own = attempt.Limits ?? limits;
        lock (gate)
        {
            // A device that keeps asking with an old password must not use up the allowance of the others behind its address.
            var permit = Judge(Pair(attempt), own.Failures);
            permit = permit.IsGranted ? Judge(attempt.Address, own.FailuresPerAddress) : permit;
            if (permit.IsGranted)
            {
                Find(Pair(attempt), own.Window)?.Undecided.Begin(attempt.Id);
                Find(attempt.Address, own.Window)?.Undecided.Begin(attempt.Id);
            }

            return new(permit);
        }
    }

    public ValueTask EndAsync(SignInTry attempt, SignInVerdict verdict)
    {
        var own = attempt.Limits ?? limits;
        lock (gate)
        {
            End(Pair(attempt), attempt.Id, verdict, own.Window, forgives: true);
            End(attempt.Address, attempt.Id, verdict, own.Window, forgives: false);
        }

        return default;
    }

    private static string Pair(SignInTry attempt) => $"{attempt.Address} {attempt.Account}";

    private SignInPermit Judge(string key, int limit)
    {
        if (!windows.TryGetValue(key, out var window))
        {
            return SignInPermit.Granted;
        }

        var failures = FailuresOf(window);
        return failures >= limit ? new SignInPermit(window.Length - time.GetElapsedTime(window.Began), IsBusy: false)
            : new SignInPermit(TimeSpan.Zero, IsBusy: failures + window.Undecided.Count >= limit);
    }

    private void End(string key, Guid attempt, SignInVerdict verdict, TimeSpan length, bool forgives)
    {
        if ((verdict == SignInVerdict.Wrong ? Find(key, length) : windows.GetValueOrDefault(key)) is not { } window)
        {
            return;
        }

        window.Undecided.End(attempt);
        if (verdict == SignInVerdict.Wrong)
        {
            window.Failures = FailuresOf(window) + 1;
            window.Began = window.Failures == 1 ? time.GetTimestamp() : window.Began;
        }
        else if (verdict == SignInVerdict.Right && forgives)
        {
            window.Failures = 0;
        }

        if (MeansNothing(window))
        {
            windows.Remove(key);
        }
    }

    /// <returns>The key's window; null where there is no room for another.</returns>
    private Window? Find(string key, TimeSpan length)
    {
        if (windows.TryGetValue(key, out var window))
        {
            return window;
        }

        if (windows.Count >= MaxWindows && !(swept is { } last && time.GetElapsedTime(last) < BetweenSweeps))
        {
            swept = time.GetTimestamp();
            foreach (var (old, candidate) in windows)
            {
                if (MeansNothing(candidate))
                {
                    windows.Remove(old);
                }
            }
        }

        return windows.Count < MaxWindows ? windows[key] = new Window(time, length) : null;
    }

    private int FailuresOf(Window window) => time.GetElapsedTime(window.Began) >= window.Length ? 0 : window.Failures;

    private bool MeansNothing(Window window) => FailuresOf(window) == 0 && window.Undecided.Count == 0;

    private sealed class Window(TimeProvider time, TimeSpan length)
    {
        public TimeSpan Length => length;

        public long Began { get; set; } = time.GetTimestamp();

        public int Failures { get; set; }

        public UndecidedTries Undecided { get; } = new(time);
    }
}
