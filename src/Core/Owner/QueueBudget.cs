namespace Lockstep.Core.Owner;

/// <summary>Counts the requests that wait for any owner of this process, and limits the bytes of all queues together.</summary>
internal sealed class QueueBudget(long maxBytes)
{
    private long bytes;
    private long operations;

    public long Bytes => Volatile.Read(ref bytes);

    public long Operations => Volatile.Read(ref operations);

    /// <summary>A request without data needs no room, and always fits.</summary>
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
