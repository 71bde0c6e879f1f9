namespace Lockstep.Core.Owner;

/// <summary>
/// Bytes that the owners of this process hold beside what waits in their queues: old and new rows of turns, what is sorted, patches taken
/// apart. One user may hold a quarter, or one piece of work as much as there is. If nobody holds anything, any
/// request is granted; otherwise an oversized one could never run.
/// </summary>
internal sealed class WorkMemory(long maxBytes)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> held = new(StringComparer.Ordinal);
    private long bytes;

    /// <summary>All that is held.</summary>
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

    /// <param name="user">Whose it is; empty for the server's own.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="before">What the same piece of work holds already.</param>
    /// <returns>Whether there is room, to be given back with <see cref="Release"/>.</returns>
    public bool TryHold(string user, long size, long before = 0)
    {
        lock (gate)
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

    public void Release(string user, long size)
    {
        lock (gate)
        {
            bytes -= size;
            var own = held.GetValueOrDefault(user) - size;
            if (own == 0)
            {
                held.Remove(user);
            }
            else
            {
                held[user] = own;
            }
        }
    }
}
