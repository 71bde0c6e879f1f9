using System.Text.Json;

namespace Lockstep.Gateway.Federation;

/// <summary>
/// What one issuer publishes, read once and kept. It is read again after an hour, or where it does not fit, though once a minute
/// at most, or once in five seconds where it could not be read. One request reads it; the others wait for it. What was read
/// before counts while it cannot be read again. Safe for concurrent use.
/// </summary>
/// <param name="read">Reads it.</param>
/// <param name="time">The clock.</param>
public sealed class IssuerDocument<T>(Func<Task<T>> read, TimeProvider time)
    where T : class
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private Known known = new(new Reading(Value: null, IsCurrent: false), At: null);
    private Task<Reading>? reading;

    /// <param name="unfit">What does not fit; null where nothing was tried.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<Reading> GetAsync(Reading? unfit, CancellationToken cancellationToken)
    {
        Task<Reading> due;
        lock (gate)
        {
            if (!IsDue(known, unfit))
            {
                return known.Reading;
            }

            due = reading ??= ReadAsync(known.Reading);

            // Whoever has something that may do does not wait for it to be read again.
            if (known.Reading is { Value: not null } before && !ReferenceEquals(unfit, before))
            {
                return before;
            }
        }

        // Not given up with the request: others wait for it.
        return await due.WaitAsync(cancellationToken);
    }

    /// <summary>What is known now; nobody waits for it. It is read if that is due.</summary>
    public Reading Peek()
    {
        lock (gate)
        {
            if (IsDue(known, unfit: null))
            {
                reading ??= ReadAsync(known.Reading);
            }

            return known.Reading;
        }
    }

    private bool IsDue(Known state, Reading? unfit)
    {
        if (state.At is not { } at)
        {
            return true;
        }

        var age = time.GetElapsedTime(at);
        return !state.Reading.IsCurrent ? age >= PauseAfterFailure
            : age >= Lifetime || (ReferenceEquals(unfit, state.Reading) && age >= Pause);
    }

    private async Task<Reading> ReadAsync(Reading before)
    {
        // Not under the lock.
        await Task.Yield();
        Reading now;
        try
        {
            now = new Reading(await read(), IsCurrent: true);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException or IOException or UnauthorizedAccessException)
        {
            now = before with { IsCurrent = false };
        }
        finally
        {
            // Whatever it ended with, the next one reads anew.
            lock (gate)
            {
                reading = null;
            }
        }

        lock (gate)
        {
            known = new Known(now, time.GetTimestamp());
            return now;
        }
    }

    /// <summary>What was read.</summary>
    /// <param name="Value">Null while it never could be.</param>
    /// <param name="IsCurrent">Whether it could be read when that was last tried.</param>
    public sealed record Reading(T? Value, bool IsCurrent);

    /// <param name="Reading">What is known.</param>
    /// <param name="At">When it was read, or could not be; null for never.</param>
    private sealed record Known(Reading Reading, long? At);
}
