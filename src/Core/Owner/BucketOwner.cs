using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Takes all writes to one bucket, one after the other. Invariants:
/// <list type="number">
/// <item>At most one turn runs at a time. It takes the requests that have queued, applies them in order to the heads, commits once,
/// publishes the new heads, and only then answers. So a caller with an answer finds their write in the heads.</item>
/// <item>The heads are a cache. The store compares the version with each commit, so an owner with outdated heads writes
/// nothing, whether another process took over or a backup was restored. It loads the heads and runs the turn again.</item>
/// <item>The store reports truthfully what became of a commit. If it cannot, or if a fault comes after the commit was sent, the callers
/// are told that the outcome is unknown and the heads are discarded. A fault before that fails only the request that
/// caused it. No fault stops the turns.</item>
/// <item>Whether a caller may write is judged at the commit. If the store says that a caller's account is closed, the turn runs again
/// without that caller's requests.</item>
/// <item>Every request is answered within <see cref="BucketOptions.AnswerTime"/>, whatever the store does. A request that is still waiting then was
/// not executed. A request whose commit has no result by then is answered "unknown".</item>
/// </list>
/// It keeps the queue and sends the answers. <see cref="RememberedHeads"/> holds what is known of the bucket, <see cref="BucketReads"/> answers requests
/// that only read, and <see cref="OwnerTurns"/> runs the turns.
/// </summary>
internal sealed class BucketOwner
{
    // How often a turn may send a write back because the bucket names other groups by then.
    private const int MaxResolutions = 4;

    private readonly OperationReader reader;
    private readonly BucketOptions options;
    private readonly QueueBudget budget;
    private readonly OwnerMetrics metrics;
    private readonly TimeProvider time;
    private readonly Action<Exception> onFault;
    private readonly RememberedHeads heads;
    private readonly BucketReads reads;
    private readonly OwnerTurns turns;
    private readonly IndexBuilding indexes;
    private readonly ForeignAsks asks;
    private readonly OwnerWatch watch;
    private readonly Lock gate = new();
    private readonly RequestQueue queue;
    private int resolving;
    private bool running;
    private bool closed;
    private long lastUsed;

    public BucketOwner(
        BucketId id,
        IBucketStore store,
        OperationReader reader,
        BucketOptions options,
        QueueBudget budget,
        OwnerWork work,
        LiveFeed feed,
        OwnerMetrics metrics,
        TimeProvider time,
        Action<Exception> onFault)
    {
        (this.reader, this.options, this.budget) = (reader, options, budget);
        (this.metrics, this.time, this.onFault) = (metrics, time, onFault);
        lastUsed = time.GetTimestamp();
        Id = id;
        heads = new RememberedHeads(id, store, time);
        queue = new RequestQueue(options);
        reads = new BucketReads(heads, store, reader, options, metrics, work.Limits, time, DrainAsync);
        watch = new OwnerWatch(id, feed);
        asks = new ForeignAsks(heads, reader.Memberships, options, time);
        indexes = new IndexBuilding(heads, work, TryEnqueue, onFault);
        turns = new OwnerTurns(heads, store, reader, options, work, watch, indexes, metrics, time, onFault);
    }

    public BucketId Id { get; }

    /// <summary>Whether nobody has ever written to the bucket, as far as is known.</summary>
    public bool IsUnwritten => heads.IsUnwritten;

    /// <returns>Null when this owner is closed; get the bucket again.</returns>
    public ValueTask<BucketResponse>? TryExecute(BucketRequest request, CancellationToken cancellationToken)
    {
        if (heads.From(0) is { HasUnbuiltIndexes: true })
        {
            indexes.Begin();
        }

        if (!request.IsReadOnly)
        {
            return request.Caller.Access == BucketAccess.ByAcl ? TryWrite(request, cancellationToken) : TryEnqueue(request, Deadline.After(options.AnswerTime, time), cancellationToken);
        }

        lock (gate)
        {
            if (closed)
            {
                return null;
            }

            lastUsed = time.GetTimestamp();
        }

#pragma warning disable CA2012 // Handed on at once; the rule does not see through the nullable.
        return reads.ReadAsync(request, cancellationToken);
#pragma warning restore CA2012
    }

    /// <summary>Closes the owner if it has been idle for this long.</summary>
    public bool TryClose(TimeSpan idle)
    {
        lock (gate)
        {
            closed = closed || (!running && queue.Count == 0 && resolving == 0 && time.GetElapsedTime(lastUsed) >= idle);
            return closed;
        }
    }

    /// <summary>Waits until everything queued so far is answered.</summary>
    public async ValueTask DrainAsync(CancellationToken cancellationToken)
    {
        // A request without operations commits nothing, but takes its place in the queue.
        if (TryEnqueue(new BucketRequest(default, []), Deadline.After(options.AnswerTime, time), cancellationToken) is { } passed)
        {
            await passed;
        }
    }

    /// <inheritdoc cref="ForeignAsks.AskedAsync"/>
    public ValueTask AskedAsync(CancellationToken cancellationToken) => asks.AskedAsync(cancellationToken);

    /// <inheritdoc cref="IndexBuilding.End"/>
    public void EndBuilding() => indexes.End();

    /// <inheritdoc cref="OwnerWatch.Begin"/>
    public void Watch(WatchedBucket watched) => watch.Begin(watched);

    /// <summary>Another process has written to the bucket: the remembered heads, and those being loaded, are outdated.</summary>
    public void TakeOver() => heads.TakeOver();

    /// <summary>Queues a write whose caller may be in groups of other buckets. These are asked before the turn, never in it.</summary>
    private ValueTask<BucketResponse>? TryWrite(BucketRequest request, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (closed)
            {
                return null;
            }

            resolving++;
        }

#pragma warning disable CA2012 // Handed on at once; the rule does not see through the nullable.
        return WriteAsync(request, Deadline.After(options.AnswerTime, time), cancellationToken);
#pragma warning restore CA2012
    }

    private async ValueTask<BucketResponse> WriteAsync(BucketRequest request, Deadline deadline, CancellationToken cancellationToken)
    {
        try
        {
            // As far as is known now. The turn checks again with certainty.
            var mustAsk = heads.From(0) is { } known && !reader.Knows(request, known);
            for (var attempt = 0; attempt < MaxResolutions; attempt++)
            {
                if (mustAsk)
                {
                    if (!budget.TryTake(request.Size, request.Operations.Count))
                    {
                        return metrics.Counted(BucketResponse.Uniform(request, Unavailable.Overloaded));
                    }

                    try
                    {
                        request = request with { Caller = await asks.AskAsync(request.Caller, cancellationToken) };
                    }
                    finally
                    {
                        budget.Release(request.Size, request.Operations.Count);
                    }
                }

                var response = await TryEnqueue(request, deadline, cancellationToken)!.Value;
                if (!ReferenceEquals(response, PendingRequest.Unresolved))
                {
                    return response;
                }

                mustAsk = true;
            }

            return metrics.Counted(BucketResponse.Uniform(request, Unavailable.Overloaded));
        }
        finally
        {
            lock (gate)
            {
                resolving--;
            }
        }
    }

    private ValueTask<BucketResponse>? TryEnqueue(BucketRequest request) => TryEnqueue(request, Deadline.After(options.AnswerTime, time), CancellationToken.None);

    private ValueTask<BucketResponse>? TryEnqueue(BucketRequest request, Deadline deadline, CancellationToken cancellationToken)
    {
        var pending = new PendingRequest(request, deadline.Before(options.AnswerTime / 4), deadline, cancellationToken);
        var start = false;
        lock (gate)
        {
            if (closed)
            {
                return null;
            }

            lastUsed = time.GetTimestamp();
            if (queue.IsFull(pending) || !budget.TryTake(pending.Size, pending.Operations))
            {
                return new ValueTask<BucketResponse>(metrics.Counted(BucketResponse.Uniform(request, Unavailable.Overloaded)));
            }

            queue.Add(pending);
            if (!running)
            {
                running = true;
                start = true;
            }
        }

        if (start)
        {
            // The turns to come are not this caller's: neither their cancellation nor their trace belongs to it.
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _ = RunAsync();
            }
        }

        // Usually the turn has begun by now, and ends in time by itself.
        return new ValueTask<BucketResponse>(pending.HasBegun ? pending.Answered : AnswerInTimeAsync(pending));
    }

    private async Task<BucketResponse> AnswerInTimeAsync(PendingRequest pending)
    {
        try
        {
            return await pending.BeginBy.WaitAsync(pending.Answered);
        }
        catch (TimeoutException)
        {
            if (pending.TryGiveUp())
            {
                metrics.Answered(pending.Response);
            }

            // Otherwise its turn has begun and ends in time, or has just ended.
            return await pending.Answered;
        }
    }

    private async Task RunAsync()
    {
        while (Drain() is { } batch)
        {
            for (var most = batch.Count; batch.Count > 0;)
            {
                var turn = batch;
                if (most < batch.Count)
                {
                    turn = batch.GetRange(0, most);
                    batch.RemoveRange(0, most);
                }
                else
                {
                    batch = [];
                }

                var gone = turn.FindAll(static pending => !pending.HasBegun && !pending.TryBegin());
                if (gone.Count > 0)
                {
                    turn.RemoveAll(gone.Contains);
                    Release(gone);
                }

                try
                {
                    var begun = metrics.Now();
                    if (turn.Count > 0 && !await turns.TryExecuteAsync(turn))
                    {
                        await ExecuteEachAsync(turn);
                    }

                    Measure(turn, begun);
                }
                catch (Exception fault)
                {
                    // Whatever the fault: if this loop ended, nobody could write to the bucket again.
                    heads.Forget();
                    onFault(fault);
                }

                // Requests that were too much for one turn go into the next, with no more than may fit. If none was decided, no outcome is known.
                var done = turn.TrueForAll(static pending => pending.IsDecided) || !turn.Exists(static pending => pending.IsDecided) ? turn : turn.FindAll(static pending => pending.IsDecided);
                most = 2 * Math.Max(1, done.Count);
                if (done.Count < turn.Count)
                {
                    batch.InsertRange(0, turn.FindAll(pending => !done.Contains(pending)));
                }

                // Before the answers go out, so that a caller who was told to retry finds the room that an answer made.
                Release(done);
                done.ForEach(static pending => pending.Answer());
            }
        }
    }

    private void Release(List<PendingRequest> done)
    {
        var (size, operations) = (0L, 0);
        foreach (var pending in done)
        {
            size += pending.Size;
            operations += pending.Operations;
        }

        budget.Release(size, operations);
    }

    /// <summary>Runs a turn for each request.</summary>
    private async ValueTask ExecuteEachAsync(List<PendingRequest> begun)
    {
        foreach (var pending in begun.Where(static pending => !pending.IsDecided))
        {
            await turns.TryExecuteAsync([pending]);
        }
    }

    private void Measure(List<PendingRequest> turn, long begun)
    {
        if (turn.Count == 0)
        {
            return;
        }

        metrics.TurnEnded(begun);
        foreach (var pending in turn)
        {
            if (pending.IsDecided)
            {
                metrics.Answered(pending.Response);
            }
        }
    }

    private List<PendingRequest>? Drain()
    {
        lock (gate)
        {
            if (queue.Count == 0)
            {
                running = false;
                lastUsed = time.GetTimestamp();
                return null;
            }

            return queue.Take();
        }
    }
}
