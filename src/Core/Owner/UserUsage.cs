using System.Collections.Concurrent;
using Lockstep.Core.Quotas;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// What all buckets of a user hold, as far as this process knows. Many owners in many processes write to them. Invariants:
/// <list type="number">
/// <item>Nobody waits for it, so a database that is down holds up no bucket in another one. A turn uses the known values, and no limit
/// while nothing is known.</item>
/// <item>Outdated values are read again outside the turns, once at a time for each user. Commits of this process are added in the meantime;
/// those of others are known with the next read.</item>
/// <item>A write is never counted twice. If a read ran between the start and the end of a commit, that commit is left to the next read, because the first may have
/// seen it. A commit during a read may be missing until the next one.</item>
/// </list>
/// </summary>
/// <param name="read">Reads what all buckets of a user hold.</param>
/// <param name="age">The age at which it is read again.</param>
/// <param name="time">The clock.</param>
/// <param name="onFault">Called with faults of a read, which nobody waits for; null for nobody.</param>
internal sealed class UserUsage(Func<string, CancellationToken, ValueTask<QuotaAmount>> read, TimeSpan age, TimeProvider time, Action<Exception>? onFault = null)
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
            // The read belongs to no caller: it takes neither a caller's cancellation nor their trace.
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _ = Task.Run(() => ReadAsync(user, entry));
            }
        }

        return known;
    }

    /// <summary>The last valid read for a user; 0 for none. Pass it to <see cref="Add"/>; take it before the commit begins.</summary>
    public long LastRead(string user) => users.TryGetValue(user, out var entry) ? entry.LastRead : 0;

    /// <summary>Adds what an owner of this process has committed.</summary>
    /// <param name="user">The author.</param>
    /// <param name="more">How much was added.</param>
    /// <param name="since">The last read when the commit began. If there was another read since, nothing is added: that read may have seen the commit.</param>
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
            // The known values stay.
        }
        catch (Exception fault)
        {
            // A bug, and nobody awaits this task. Unreported, it would leave the user without a limit.
            onFault?.Invoke(fault);
        }
        finally
        {
            entry.End(time);
        }
    }

    /// <summary>Makes room. A user who comes back is read again.</summary>
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

        /// <summary>A read has ended, successfully or not.</summary>
        public void End(TimeProvider time)
        {
            lock (gate)
            {
                (readAt, isReading) = (time.GetTimestamp(), false);
            }
        }
    }
}
