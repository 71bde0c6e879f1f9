namespace Lockstep.Core.Owner;

/// <summary>The requests that wait for turns of one bucket, in the order of arrival. Not thread-safe.</summary>
/// <param name="options">Limits on the queue, and on one turn.</param>
internal sealed class RequestQueue(BucketOptions options)
{
    private readonly Queue<PendingRequest> waiting = new();
    private int waitingOperations;
    private long waitingBytes;

    /// <summary>The number of waiting requests.</summary>
    public int Count => waiting.Count;

    /// <summary>Whether there is no room for this one. There is always room for the first, and for requests without operations.</summary>
    public bool IsFull(PendingRequest pending) =>
        waiting.Count > 0 && pending.Operations > 0
        && (waitingOperations + pending.Operations > options.MaxQueuedOperations
            || waitingBytes + pending.Size > options.MaxQueuedBytes);

    public void Add(PendingRequest pending)
    {
        waiting.Enqueue(pending);
        waitingOperations += pending.Operations;
        waitingBytes += pending.Size;
    }

    /// <summary>Takes as many as fit into one turn, at least the first.</summary>
    public List<PendingRequest> Take()
    {
        var batch = new List<PendingRequest>();
        var (operations, bytes) = (0, 0L);
        while (waiting.TryPeek(out var pending)
            && (batch.Count == 0
                || (operations + pending.Operations <= options.MaxTurnOperations && bytes + pending.Size <= options.MaxTurnBytes)))
        {
            waiting.Dequeue();
            operations += pending.Operations;
            bytes += pending.Size;
            waitingOperations -= pending.Operations;
            waitingBytes -= pending.Size;
            batch.Add(pending);
        }

        return batch;
    }
}
