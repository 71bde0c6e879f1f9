namespace Lockstep.Core.Owner;

/// <summary>Bytes that wait for any owner of this process: what all queues together may hold.</summary>
internal sealed class QueueBudget(long maxBytes)
{
    private long used;

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref used, bytes) <= maxBytes)
        {
            return true;
        }

        Release(bytes);
        return false;
    }

    public void Release(long bytes) => Interlocked.Add(ref used, -bytes);
}
