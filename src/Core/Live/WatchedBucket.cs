using System.Security.Cryptography;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Live;

/// <summary>
/// A watched bucket. Its current owner reports commits here, and everyone who waits is notified from here. Invariants:
/// <list type="number">
/// <item>A notice after a position covers all changes reported after it. When there were more than are remembered, the notice says that anything may have changed.</item>
/// <item>Reporting waits for nobody, and costs no more than a look at the bucket's lists.</item>
/// <item>A watch that nobody has used for a while ends. It tells its owner so, and the next listener gets another watch.</item>
/// </list>
/// </summary>
internal sealed class WatchedBucket(BucketId id, TimeProvider time)
{
    // Listeners come back at once, unless their process stopped or a call was lost.
    private static readonly TimeSpan KeepTime = TimeSpan.FromMinutes(1);

    private const int MaxRemembered = 64;

    private readonly Lock gate = new();
    private readonly long epoch = NewEpoch();

    // The last change of each collection. When it is full, the oldest is dropped.
    private readonly Dictionary<string, long> changed = new(StringComparer.Ordinal);
    private long sequence = 1;

    // Up to this position anything may have changed.
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

    /// <summary>Informs the owner before any listener gets a position, so that no commit after the position is missed.</summary>
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
    /// <returns>False when this watch has ended.</returns>
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

    /// <summary>An unknown change happened: another process has taken the bucket over, or a commit's fate is unknown.</summary>
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

    /// <summary>Everyone who waits is to ask again, elsewhere.</summary>
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

    /// <returns>Null when this watch has ended. Otherwise the changes after the position, or none when the time has passed.</returns>
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

    /// <summary>Different for each watch of every process; never 0.</summary>
    private static long NewEpoch() => BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) | 1;

    private static TaskCompletionSource NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool EndIfLeft() => isOver = isOver || (waiting == 0 && time.GetElapsedTime(asked) >= KeepTime);

    private TaskCompletionSource Release()
    {
        var told = next;
        next = NewWait();
        return told;
    }

    /// <returns>False when more than records changed: data of the bucket, its collections or its groups may change who sees what.</returns>
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
                // No stream is about these lists.
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
