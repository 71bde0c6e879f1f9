using System.Text.Json;

namespace Lockstep.Gateway.Federation;

/// <summary>
/// A document that an issuer publishes, read once and kept. It is read again after an hour, or when it does not fit; but at most once a minute,
/// or once in five seconds where it could not be read. One request reads it, and the others wait for it. While it cannot be read again, the earlier
/// document counts. Safe for concurrent use.
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

    /// <param name="unfit">The document that does not fit; null where none was tried.</param>
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

            // A caller that has a possibly good document does not wait for another reading.
            if (known.Reading is { Value: not null } before && !ReferenceEquals(unfit, before))
            {
                return before;
            }
        }

        // Not cancelled with the request, since others wait for it.
        return await due.WaitAsync(cancellationToken);
    }

    /// <summary>The document as it is known now, without waiting. Starts a reading if one is due.</summary>
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
        // Outside the lock.
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
            // Whatever the outcome, the next caller starts a new reading.
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

    /// <summary>The outcome of a reading.</summary>
    /// <param name="Value">Null as long as it could never be read.</param>
    /// <param name="IsCurrent">Whether the last reading succeeded.</param>
    public sealed record Reading(T? Value, bool IsCurrent);

    /// <param name="Reading">What is known.</param>
    /// <param name="At">When it was read, or could not be; null for never.</param>
    private sealed record Known(Reading Reading, long? At);
}
