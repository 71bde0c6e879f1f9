using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Limits the bytes that the owners of this process hold in addition to their queues: old and new rows of turns, sorts, parsed patches. One user
/// may hold a quarter, but a single piece of work may hold as much as there is. If nobody holds anything, any request is granted; otherwise an oversized one could never
/// run. Work that can wait does so until something is given back. <c>maxWaiting</c> may wait at a time, a quarter of them for one user. Work
/// that can wait holds no more than half, so that work that cannot wait finds room.
/// </summary>
internal sealed class WorkMemory(long maxBytes, int maxWaiting = 0)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> held = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> waiting = new(StringComparer.Ordinal);
    private long bytes;

    // Completes when something is given back; all who wait then check again.
    private TaskCompletionSource? released;
    private int allWaiting;
    private long waited;

    /// <summary>All bytes that are held.</summary>
    public long Bytes
    {
        get
        {
            lock (gate)
            {
                return bytes;
            }
        }
    }

    /// <param name="user">The user who is charged; empty for the server itself.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="before">Bytes that the same piece of work holds already.</param>
    /// <returns>Whether there is room. Give it back with <see cref="Release"/>.</returns>
    public bool TryHold(string user, long size, long before = 0)
    {
        lock (gate)
        {
            return TryHoldNow(user, size, before);
        }
    }

    /// <summary>Like <see cref="TryHold"/>, but waits for room. Give it back with <see cref="ReleaseWaited"/>.</summary>
    /// <param name="user">The user who is charged; empty for the server itself.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="end">How long to wait.</param>
    /// <param name="time">The clock of <paramref name="end"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async ValueTask<bool> HoldAsync(string user, long size, Deadline end, TimeProvider time, CancellationToken cancellationToken)
    {
        Task given;
        lock (gate)
        {
            if (TryHoldWaited(user, size))
            {
                return true;
            }

            var own = waiting.GetValueOrDefault(user);
            if (allWaiting >= maxWaiting || own >= Math.Max(1, maxWaiting / 4))
            {
                return false;
            }

            allWaiting++;
            waiting[user] = own + 1;
            given = NextRelease();
        }

        try
        {
            while (true)
            {
                await given.WaitAsync(end.Left, time, cancellationToken);
                lock (gate)
                {
                    if (TryHoldWaited(user, size))
                    {
                        return true;
                    }

                    given = NextRelease();
                }
            }
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            lock (gate)
            {
                allWaiting--;
                if (waiting[user] == 1)
                {
                    waiting.Remove(user);
                }
                else
                {
                    waiting[user]--;
                }
            }
        }
    }

    public void Release(string user, long size) => GiveBack(user, size, wasWaited: false);

    public void ReleaseWaited(string user, long size) => GiveBack(user, size, wasWaited: true);

    private void GiveBack(string user, long size, bool wasWaited)
    {
        TaskCompletionSource? told;
        lock (gate)
        {
            bytes -= size;
            waited -= wasWaited ? size : 0;
            var own = held.GetValueOrDefault(user) - size;
            if (own == 0)
            {
                held.Remove(user);
            }
            else
            {
                held[user] = own;
            }

            (told, released) = (released, null);
        }

        told?.SetResult();
    }

    private Task NextRelease() => (released ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private bool TryHoldWaited(string user, long size)
    {
        if ((waited > 0 && waited + size > maxBytes / 2) || !TryHoldNow(user, size, before: 0))
        {
            return false;
        }

        waited += size;
        return true;
    }

    private bool TryHoldNow(string user, long size, long before)
    {
        var own = held.GetValueOrDefault(user);
        if ((bytes > 0 && bytes + size > maxBytes) || (own > before && own + size > Math.Max(1, maxBytes / 4)))
        {
            return false;
        }

        bytes += size;
        held[user] = own + size;
        return true;
    }
}
