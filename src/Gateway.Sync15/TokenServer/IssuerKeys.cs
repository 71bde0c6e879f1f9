using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>
/// The keys of one issuer, read once and kept. They are read again after an hour, or where none of them fits a token, though once a minute
/// at most, or once in five seconds where they could not be read. One request reads them; the others wait for it. Those that were read
/// before count while they cannot be read again. Safe for concurrent use.
/// </summary>
/// <param name="read">Reads them.</param>
/// <param name="time">The clock.</param>
internal sealed class IssuerKeys(Func<Task<IReadOnlyList<SecurityKey>>> read, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private Known known = new(KeySet.None, At: null);
    private Task<KeySet>? reading;

    /// <param name="unfit">The keys of which none fits; null where none were tried.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<KeySet> GetAsync(KeySet? unfit, CancellationToken cancellationToken)
    {
        Task<KeySet> due;
        lock (gate)
        {
            if (!IsDue(known, unfit))
            {
                return known.Set;
            }

            due = reading ??= ReadAsync(known.Set);

            // Whoever has keys that may do does not wait for them to be read again.
            if (known.Set is { Keys.Count: > 0 } set && !ReferenceEquals(unfit, set))
            {
                return set;
            }
        }

        // Not given up with the request: others wait for it.
        return await due.WaitAsync(cancellationToken);
    }

    private bool IsDue(Known state, KeySet? unfit)
    {
        if (state.At is not { } at)
        {
            return true;
        }

        var age = time.GetElapsedTime(at);
        return !state.Set.IsCurrent ? age >= PauseAfterFailure
            : age >= Lifetime || (ReferenceEquals(unfit, state.Set) && age >= Pause);
    }

    private async Task<KeySet> ReadAsync(KeySet before)
    {
        // Not under the lock.
        await Task.Yield();
        KeySet set;
        try
        {
            set = new KeySet(await read(), IsCurrent: true);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException or IOException or UnauthorizedAccessException)
        {
            set = before with { IsCurrent = false };
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
            known = new Known(set, time.GetTimestamp());
            return set;
        }
    }

    /// <param name="Set">The keys.</param>
    /// <param name="At">When they were read, or could not be; null for never.</param>
    private sealed record Known(KeySet Set, long? At);
}
