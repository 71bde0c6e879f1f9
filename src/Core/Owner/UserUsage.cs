using System.Collections.Concurrent;
using Lockstep.Core.Quotas;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// What all buckets of a user hold, as far as this process knows: many owners in many processes write to them. Invariants:
/// <list type="number">
/// <item>Nobody waits for it, so that a database that is away holds up no bucket of another. A turn goes by what is known, and by no limit
/// while nothing is.</item>
/// <item>What is older than the time is read anew beside the turns, once at a time for each user. What this process has committed since is
/// added; what others have is known with the next read.</item>
/// <item>It never counts a write twice. What is committed while it is read may be missing until the next read.</item>
/// </list>
/// </summary>
/// <param name="index">What is read.</param>
/// <param name="age">After how long it is read anew.</param>
/// <param name="time">The clock.</param>
internal sealed class UserUsage(IBucketIndex index, TimeSpan age, TimeProvider time)
{
    private const int MaxUsers = 10_000;

    private readonly ConcurrentDictionary<string, Entry> users = new(StringComparer.Ordinal);

    /// <returns>Null while nothing is known.</returns>
    public QuotaAmount? Of(string user)
    {
        if (!users.TryGetValue(user, out var entry))
        {
            if (users.Count >= MaxUsers)
            {
                Forget();
            }

            entry = users.GetOrAdd(user, static _ => new Entry());
        }

        var (known, begins) = entry.Look(time, age);
        if (begins)
        {
            // The read is nobody's: neither a caller's cancellation nor their trace belongs to it.
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _ = Task.Run(() => ReadAsync(user, entry));
            }
        }

        return known;
    }

    /// <summary>An owner of this process has committed so much more.</summary>
    public void Add(string user, QuotaAmount more)
    {
        if (users.TryGetValue(user, out var entry))
        {
            entry.Add(more);
        }
    }

    private async Task ReadAsync(string user, Entry entry)
    {
        try
        {
            entry.Set(await index.UsageByAuthorAsync(user, CancellationToken.None), time);
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException)
        {
            // What was known stays.
            entry.Set(null, time);
        }
    }

    /// <summary>Makes room: whoever comes back is read anew.</summary>
    private void Forget()
    {
        foreach (var user in users.Keys.Take(MaxUsers / 10).ToList())
        {
            users.TryRemove(user, out _);
        }
    }

    private sealed class Entry
    {
        private readonly Lock gate = new();
        private QuotaAmount? known;
        private long? readAt;
        private bool isReading;

        public (QuotaAmount? Known, bool Begins) Look(TimeProvider time, TimeSpan age)
        {
            lock (gate)
            {
                var begins = !isReading && (readAt is not { } at || time.GetElapsedTime(at) >= age);
                isReading |= begins;
                return (known, begins);
            }
        }

        public void Add(QuotaAmount more)
        {
            lock (gate)
            {
                known = known + more;
            }
        }

        public void Set(QuotaAmount? read, TimeProvider time)
        {
            lock (gate)
            {
                (known, readAt, isReading) = (read ?? known, time.GetTimestamp(), false);
            }
        }
    }
}
