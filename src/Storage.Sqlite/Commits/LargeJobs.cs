using System.Diagnostics.CodeAnalysis;

namespace Lockstep.Storage.Sqlite.Commits;

/// <summary>
/// Jobs of many rows that wait for the writer. While one runs, everybody else's writes wait for it. Invariants:
/// <list type="number">
/// <item>After a job its user rests for <see cref="RestFactor"/> times as long as it took, but not longer than <see cref="MostRest"/>: none of their other
/// large jobs is due until then. So one user's large jobs take a small share of the writer's time, however many there are.</item>
/// <item>Nobody rests for nobody: while no small job of anybody else has come since, the next one is due at once.</item>
/// <item>Of those that are due, the one that has waited longest is first.</item>
/// </list>
/// The writer's thread adds and takes; any thread may look.
/// </summary>
/// <param name="time">The clock of rests.</param>
internal sealed class LargeJobs(TimeProvider time)
{
    private const int RestFactor = 20;

    // Above this number, rests that are over are forgotten.
    private const int KeptRests = 64;

    public static readonly TimeSpan MostRest = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly LinkedList<WriteJob> waiting = new();
    private readonly Dictionary<string, Rest> rests = new(StringComparer.Ordinal);
    private long small;

    public bool IsEmpty
    {
        get
        {
            lock (gate)
            {
                return waiting.Count == 0;
            }
        }
    }

    /// <summary>Those that wait, the oldest first.</summary>
    public WriteJob[] Waiting
    {
        get
        {
            lock (gate)
            {
                return [.. waiting];
            }
        }
    }

    /// <summary>How long until one is due; infinite if none waits.</summary>
    public TimeSpan UntilDue
    {
        get
        {
            lock (gate)
            {
                return waiting.Count == 0 ? Timeout.InfiniteTimeSpan : waiting.Min(LeftOf);
            }
        }
    }

    public void Add(WriteJob job)
    {
        lock (gate)
        {
            waiting.AddLast(job);
        }
    }

    /// <param name="anyway">Whether those whose users rest are due too.</param>
    /// <param name="job">The job, which does not wait any more.</param>
    public bool TryTake(bool anyway, [NotNullWhen(true)] out WriteJob? job)
    {
        lock (gate)
        {
            for (var node = waiting.First; node is not null; node = node.Next)
            {
                if (anyway || LeftOf(node.Value) == TimeSpan.Zero)
                {
                    waiting.Remove(node);
                    job = node.Value;
                    return true;
                }
            }

            job = null;
            return false;
        }
    }

    /// <summary>A job that is not large has come.</summary>
    /// <param name="user">Whose it is; null for the server's own.</param>
    public void SmallCame(string? user)
    {
        lock (gate)
        {
            small++;
            if (user is not null && rests.TryGetValue(user, out var rest))
            {
                rests[user] = rest with { Small = rest.Small + 1 };
            }
        }
    }

    /// <param name="job">One that has run.</param>
    /// <param name="begun">When it began, as the clock's timestamp.</param>
    public void Ended(WriteJob job, long begun)
    {
        if (job.User is not { } user)
        {
            return;
        }

        var now = time.GetTimestamp();
        var rest = RestFactor * time.GetElapsedTime(begun, now);
        lock (gate)
        {
            if (rests.Count >= KeptRests)
            {
                foreach (var (over, _) in rests.Where(each => LeftOf(each.Value) == TimeSpan.Zero).ToArray())
                {
                    rests.Remove(over);
                }
            }

            rests[user] = new Rest(now, rest < MostRest ? rest : MostRest, small);
        }
    }

    private TimeSpan LeftOf(WriteJob job) => job.User is { } user && rests.TryGetValue(user, out var rest) ? LeftOf(rest) : TimeSpan.Zero;

    private TimeSpan LeftOf(Rest rest) =>
        rest.Small != small && rest.Length - time.GetElapsedTime(rest.Since) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <param name="Since">The timestamp of its begin.</param>
    /// <param name="Length">How long it is.</param>
    /// <param name="Small">How many small jobs had come, and of the user's own since. Where all that have come are counted here, nobody else waits.</param>
    private readonly record struct Rest(long Since, TimeSpan Length, long Small);
}
