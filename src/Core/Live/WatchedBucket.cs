using System.Security.Cryptography;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Live;

/// <summary>
/// A bucket that somebody wants to hear of. Its owner, whichever it is at the moment, tells it what it has committed; whoever waits is told from there. Invariants:
/// <list type="number">
/// <item>A notice after a position covers all that was told after it. Of more than is remembered it says that it may be anything.</item>
/// <item>Telling waits for nobody, and costs no more than a look at the bucket's lists.</item>
/// <item>One that nobody has asked for a while is over: it tells its owner so, and the next one who asks gets another.</item>
/// </list>
/// </summary>
internal sealed class WatchedBucket(BucketId id, TimeProvider time)
{
    // Whoever listens comes back at once, but for a process that was stopped or a call that was lost.
    private static readonly TimeSpan KeepTime = TimeSpan.FromMinutes(1);

    private const int MaxRemembered = 64;

    private readonly Lock gate = new();
    private readonly long epoch = NewEpoch();

    // The last change of each collection; when it is full the oldest goes.
    private readonly Dictionary<string, long> changed = new(StringComparer.Ordinal);
    private long sequence = 1;

    // Up to here it may have been anything.
    private long whole = 1;
    private ServerTimestamp stamp;
    private TaskCompletionSource next = NewWait();
    private int waiting;
    private long asked = time.GetTimestamp();
    private bool isAnnounced;
    private bool isOver;

    public BucketId Id => id;

    /// <summary>Whether nobody waits and nobody has asked for a while.</summary>
    public bool IsLeft
    {
        get
        {
            lock (gate)
            {
                return isOver || (waiting == 0 && time.GetElapsedTime(asked) >= KeepTime);
            }
        }
    }

    /// <summary>Lets the owner know before anybody is told a position: what is committed then is heard of.</summary>
    public void Announce(Action<WatchedBucket> announce)
    {
        lock (gate)
        {
            if (!isAnnounced)
            {
                isAnnounced = true;
                announce(this);
            }
        }
    }

    /// <summary>The owner has published heads.</summary>
    /// <returns>False when this watch is over.</returns>
    public bool Tell(BucketHeads heads)
    {
        TaskCompletionSource told;
        lock (gate)
        {
            if (EndIfLeft())
            {
                return false;
            }

            sequence++;
            var last = stamp;
            stamp = ServerTimestamp.Max(last, heads.Clock);
            if (last == ServerTimestamp.Zero || !TryNote(heads, last))
            {
                whole = sequence;
                changed.Clear();
            }

            told = Release();
        }

        told.TrySetResult();
        return true;
    }

    /// <summary>Something happened, and nobody knows what: another process has taken the bucket over, or a commit's fate is not known.</summary>
    /// <returns>As of <see cref="Tell"/>.</returns>
    public bool TellAll()
    {
        TaskCompletionSource told;
        lock (gate)
        {
            if (EndIfLeft())
            {
                return false;
            }

            whole = ++sequence;
            changed.Clear();
            told = Release();
        }

        told.TrySetResult();
        return true;
    }

    /// <summary>Whoever waits is to ask again, elsewhere.</summary>
    public void End()
    {
        TaskCompletionSource told;
        lock (gate)
        {
            isOver = true;
            told = Release();
        }

        told.TrySetResult();
    }

    /// <returns>Null when this watch is over. Else what happened after the position, or, when the time has passed, nothing.</returns>
    public async ValueTask<ChangeNotice?> NextAsync(FeedPosition seen, TimeSpan patience, CancellationToken cancellationToken)
    {
        Task wait;
        lock (gate)
        {
            if (isOver)
            {
                return null;
            }

            asked = time.GetTimestamp();
            if (seen.Epoch != epoch || seen.Sequence < sequence)
            {
                return NoticeAfter(seen);
            }

            waiting++;
            wait = next.Task;
        }

        try
        {
            await wait.WaitAsync(patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
        finally
        {
            lock (gate)
            {
                waiting--;
                asked = time.GetTimestamp();
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            return isOver ? null : NoticeAfter(seen);
        }
    }

    /// <summary>Another one for each watch of whatever process; never 0.</summary>
    private static long NewEpoch() => BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) | 1;

    private static TaskCompletionSource NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool EndIfLeft() => isOver = isOver || (waiting == 0 && time.GetElapsedTime(asked) >= KeepTime);

    private TaskCompletionSource Release()
    {
        var told = next;
        next = NewWait();
        return told;
    }

    /// <returns>False when it is more than records: what the bucket, its collections or its groups say may change who sees what.</returns>
    private bool TryNote(BucketHeads heads, ServerTimestamp last)
    {
        if (heads.Base > last)
        {
            return false;
        }

        var found = false;
        foreach (var head in heads.Lists.Values)
        {
            if (head.RowsModified <= last && head.Touched <= last)
            {
                continue;
            }

            found = true;
            if (head.List.Role is ListRole.Uploads or ListRole.Files || head.List.IsOfHistory)
            {
                // No stream is of these.
                continue;
            }

            if (head.List.Role != ListRole.Records)
            {
                return false;
            }

            changed[head.List.Name] = sequence;
        }

        if (changed.Count > MaxRemembered)
        {
            var oldest = changed.MinBy(static change => change.Value);
            whole = Math.Max(whole, oldest.Value);
            changed.Remove(oldest.Key);
            return changed.Count <= MaxRemembered;
        }

        return found;
    }

    private ChangeNotice NoticeAfter(FeedPosition seen) => new(
        new FeedPosition(epoch, sequence),
        stamp,
        seen.Epoch != epoch || seen.Sequence < whole ? null : [.. changed.Where(change => change.Value > seen.Sequence).Select(static change => change.Key)]);
}
