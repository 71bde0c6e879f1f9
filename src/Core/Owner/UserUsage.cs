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
/// <item>It never counts a write twice: what a read has come in between, from before its commit until after it, is left to the next one, since the read may have
/// seen it. What is committed while it is read may be missing until the next read.</item>
/// </list>
/// </summary>
/// <param name="read">Reads what all buckets of a user hold.</param>
/// <param name="age">After how long it is read anew.</param>
/// <param name="time">The clock.</param>
internal sealed class UserUsage(Func<string, CancellationToken, ValueTask<QuotaAmount>> read, TimeSpan age, TimeProvider time)
{
    private const int MaxUsers = 10_000;

    private readonly ConcurrentDictionary<string, Entry> users = new(StringComparer.Ordinal);
    private long reads;

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

    /// <summary>The last read of a user that counts, to be given to <see cref="Add"/> by whoever begins a commit; 0 for none.</summary>
    public long LastRead(string user) => users.TryGetValue(user, out var entry) ? entry.LastRead : 0;

    /// <summary>An owner of this process has committed so much more.</summary>
    /// <param name="user">The author.</param>
    /// <param name="more">How much.</param>
    /// <param name="since">The last read when the commit began. After another it is not added: that one may have seen it.</param>
    public void Add(string user, QuotaAmount more, long since)
    {
        if (users.TryGetValue(user, out var entry))
        {
            entry.Add(more, since);
        }
    }

    private async Task ReadAsync(string user, Entry entry)
    {
        try
        {
            entry.Set(await read(user, CancellationToken.None), Interlocked.Increment(ref reads));
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException)
        {
            // What was known stays.
        }
        finally
        {
            entry.End(time);
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
        private long lastRead;
        private long? readAt;
        private bool isReading;

        public long LastRead
        {
            get
            {
                lock (gate)
                {
                    return lastRead;
                }
            }
        }

        public (QuotaAmount? Known, bool Begins) Look(TimeProvider time, TimeSpan age)
        {
            lock (gate)
            {
                var begins = !isReading && (readAt is not { } at || time.GetElapsedTime(at) >= age);
                isReading |= begins;
                return (known, begins);
            }
        }

        public void Add(QuotaAmount more, long since)
        {
            lock (gate)
            {
                known = since == lastRead ? known + more : known;
            }
        }

        public void Set(QuotaAmount read, long number)
        {
            lock (gate)
            {
                (known, lastRead) = (read, number);
            }
        }

        /// <summary>A read has ended, however.</summary>
        public void End(TimeProvider time)
        {
            lock (gate)
            {
                (readAt, isReading) = (time.GetTimestamp(), false);
            }
        }
    }
}
