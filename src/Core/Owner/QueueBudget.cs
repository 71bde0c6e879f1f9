namespace Lockstep.Core.Owner;

/// <summary>What waits for any owner of this process, and the bytes that all queues together may hold.</summary>
internal sealed class QueueBudget(long maxBytes)
{
    private long bytes;
    private long operations;

    public long Bytes => Volatile.Read(ref bytes);

    public long Operations => Volatile.Read(ref operations);

    /// <summary>A request without data needs no room, however full it is.</summary>
    public bool TryTake(long size, int count)
    {
        if (size > 0 && Interlocked.Add(ref bytes, size) > maxBytes)
        {
            Interlocked.Add(ref bytes, -size);
            return false;
        }

        Interlocked.Add(ref operations, count);
        return true;
    }

    public void Release(long size, int count)
    {
        Interlocked.Add(ref bytes, -size);
        Interlocked.Add(ref operations, -count);
    }
}
