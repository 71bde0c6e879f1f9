using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// The one that takes every write to a bucket, in turn. Invariants:
/// <list type="number">
/// <item>At most one turn runs. It drains what has queued, applies it in order to the heads, commits once, publishes the
/// new heads, and only then answers: whoever has an answer finds it in the heads, and nothing unacknowledged but written
/// is ever denied.</item>
/// <item>The heads are a cache. The store compares the version with each commit, so an owner with old heads, whether
/// another process took over or a restore happened, writes nothing; it loads and runs the turn again.</item>
/// <item>A commit whose fate is unknown is decided by asking the store before anything else happens here; when that fails
/// too the callers hear "unknown" and the heads are thrown away.</item>
/// <item>Reads do not queue. What they take from the store is newer than the heads for the moment between a commit and
/// its publication; such a reader waits for the publication, so that nobody sees time go back.</item>
/// </list>
/// </summary>
internal sealed class BucketOwner(
    BucketId id,
    IBucketStore store,
    OperationReader reader,
    BucketOptions options,
    QueueBudget budget,
    TimeProvider time)
{
    private const int MaxAttempts = 8;

    private readonly Lock gate = new();
    private readonly Queue<PendingRequest> queue = new();
    private int queuedOperations;
    private long queuedBytes;
    private bool running;
    private bool closed;
    private long lastUsed = time.GetTimestamp();
    private BucketHeads? heads;
    private long published;

    /// <returns>Null when this owner is gone; get the bucket again.</returns>
    public ValueTask<BucketResponse>? TryExecute(BucketRequest request, CancellationToken cancellationToken)
    {
        if (!request.IsReadOnly)
        {
            return TryEnqueue(request, cancellationToken);
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
        return ReadAsync(request, cancellationToken);
#pragma warning restore CA2012
    }

    /// <summary>Closes the owner if it has had nothing to do for so long.</summary>
    public bool TryClose(TimeSpan idle)
    {
        lock (gate)
        {
            closed = closed || (!running && queue.Count == 0 && time.GetElapsedTime(lastUsed) >= idle);
            return closed;
        }
    }

    private ValueTask<BucketResponse>? TryEnqueue(BucketRequest request, CancellationToken cancellationToken)
    {
        var pending = new PendingRequest(request, cancellationToken);
        var start = false;
        lock (gate)
        {
            if (closed)
            {
                return null;
            }

            lastUsed = time.GetTimestamp();
            var full = queue.Count > 0
                && (queuedOperations + request.Operations.Count > options.MaxQueuedOperations
                    || queuedBytes + pending.Size > options.MaxQueuedBytes);
            if (full || !budget.TryTake(pending.Size))
            {
                return new ValueTask<BucketResponse>(BucketResponse.Uniform(request, Unavailable.Overloaded));
            }

            queue.Enqueue(pending);
            queuedOperations += request.Operations.Count;
            queuedBytes += pending.Size;
            if (!running)
            {
                running = true;
                start = true;
            }
        }

        if (start)
        {
            // The turns to come are not this caller's: neither his cancellation nor his trace belong to them.
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _ = RunAsync();
            }
        }

        return new ValueTask<BucketResponse>(pending.Answer);
    }

    private async Task RunAsync()
    {
        while (Drain() is { } batch)
        {
            try
            {
                await TakeTurnAsync(batch);
            }
            catch (Exception fault)
            {
                // Whatever it was, this owner no longer knows what the store holds.
                Volatile.Write(ref heads, null);
                foreach (var pending in batch)
                {
                    pending.Fail(fault);
                }
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

            var batch = new List<PendingRequest>();
            var operations = 0;
            while (queue.TryPeek(out var pending)
                && (batch.Count == 0 || operations + pending.Request.Operations.Count <= options.MaxTurnOperations))
            {
                queue.Dequeue();
                operations += pending.Request.Operations.Count;
                queuedOperations -= pending.Request.Operations.Count;
                queuedBytes -= pending.Size;
                batch.Add(pending);
            }

            return batch;
        }
    }

    private async ValueTask TakeTurnAsync(List<PendingRequest> batch)
    {
        var begun = batch.FindAll(static pending => pending.TryBegin());
        IReadOnlyList<BucketResponse> responses;
        try
        {
            responses = begun.Count == 0 ? [] : await ExecuteAsync(begun.ConvertAll(static pending => pending.Request));
        }
        finally
        {
            // Before anybody is answered: whoever was told to come back later finds the room that an answer made.
            budget.Release(batch.Sum(static pending => pending.Size));
        }

        for (var i = 0; i < begun.Count; i++)
        {
            begun[i].Complete(responses[i]);
        }
    }

    private async ValueTask<IReadOnlyList<BucketResponse>> ExecuteAsync(List<BucketRequest> requests)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            // :: Step 1: apply the requests to the heads.
            Turn turn;
            var responses = new BucketResponse[requests.Count];
            try
            {
                turn = new Turn(await HeadsAsync(CancellationToken.None), reader, store, options, time);
                await turn.PreloadAsync(requests, CancellationToken.None);
                for (var i = 0; i < responses.Length; i++)
                {
                    responses[i] = await turn.ExecuteAsync(requests[i], CancellationToken.None);
                }
            }
            catch (StoreUnavailableException)
            {
                return All(requests, Unavailable.StoreFailed);
            }

            if (!turn.Draft.HasChanges)
            {
                return responses;
            }

            // :: Step 2: commit, and find out what happened if the store cannot say.
            var commit = turn.Draft.ToCommit(Guid.NewGuid());
            var outcome = await store.CommitAsync(commit);
            if (outcome.Status == CommitStatus.Unknown)
            {
                outcome = await store.DecideAsync(commit);
            }

            // :: Step 3: publish, or throw the turn away.
            switch (outcome.Status)
            {
                case CommitStatus.Done:
                    Volatile.Write(ref published, commit.Heads.Version);
                    Volatile.Write(ref heads, commit.Heads with { Row = outcome.Row });
                    return ClockLeads(commit.Heads) ? [.. responses.Select(response => response with { ClockLeads = true })] : responses;
                case CommitStatus.NotExecuted:
                    return All(requests, Unavailable.StoreFailed);
                case CommitStatus.Unknown:
                    Volatile.Write(ref heads, null);
                    return All(requests, Unavailable.FateUnknown);
                case CommitStatus.Stale:
                    Volatile.Write(ref heads, null);
                    continue;
                default:
                    throw new InvalidOperationException($"Unknown commit status {outcome.Status}.");
            }
        }

        return All(requests, Unavailable.Overloaded);
    }

    private async ValueTask<BucketResponse> ReadAsync(BucketRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var current = await HeadsAsync(cancellationToken);
            var outcomes = new Outcome[request.Operations.Count];
            for (var i = 0; i < outcomes.Length; i++)
            {
                for (var attempt = 0; ; attempt++)
                {
                    (outcomes[i], var version) = await reader.ReadAsync(
                        request.Operations[i], request.Caller, current, Overlay.Empty, cancellationToken);
                    if (version <= current.Version)
                    {
                        break;
                    }

                    // The snapshot is newer than these heads. It stands if the newer heads still let the caller see it
                    // and still know the same lists; else read again.
                    var before = current;
                    current = await NewerHeadsAsync(version, cancellationToken);
                    if (SameView(before, current) || attempt == MaxAttempts)
                    {
                        break;
                    }
                }
            }

            return new BucketResponse(outcomes, ClockLeads(current));
        }
        catch (StoreUnavailableException)
        {
            return BucketResponse.Uniform(request, Unavailable.StoreFailed);
        }
    }

    private static bool SameView(BucketHeads a, BucketHeads b) =>
        a.Exists == b.Exists && string.Equals(a.Author, b.Author, StringComparison.Ordinal) && a.NextKey == b.NextKey
        && a.Base == b.Base && a.Lists.All(list => b[list.Key].Key == list.Value.Key);

    private async ValueTask<BucketHeads> HeadsAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref heads) ?? await LoadAsync(cancellationToken);

    private async ValueTask<BucketHeads> LoadAsync(CancellationToken cancellationToken)
    {
        var loaded = BucketHeads.Unwritten(id);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            loaded = await store.LoadAsync(id, cancellationToken) ?? BucketHeads.Unwritten(id);
            if (loaded.Version >= Volatile.Read(ref published))
            {
                break;
            }

            // Read before a commit that was acknowledged meanwhile. If it stays so, somebody put an old store in its place.
        }

        // A turn may have published meanwhile; its heads are newer.
        var known = Interlocked.CompareExchange(ref heads, loaded, null);
        return known is null || known.Version < loaded.Version ? loaded : known;
    }

    /// <summary>
    /// Heads at least as new as a version that the store has shown. In this process a commit is published by the turn that
    /// made it, so it is enough to let the turn in flight end; if another process made it, the heads are loaded again.
    /// </summary>
    private async ValueTask<BucketHeads> NewerHeadsAsync(long version, CancellationToken cancellationToken)
    {
        var barrier = new BucketRequest(default, []);
        if (TryEnqueue(barrier, cancellationToken) is { } passed)
        {
            await passed;
        }

        var current = await HeadsAsync(cancellationToken);
        if (current.Version >= version)
        {
            return current;
        }

        Interlocked.CompareExchange(ref heads, null, current);
        return await HeadsAsync(cancellationToken);
    }

    private bool ClockLeads(BucketHeads current) =>
        current.Clock > ServerTimestamp.Now(time).Plus((long)options.ClockLeadBackoff.TotalMilliseconds);

    private static BucketResponse[] All(List<BucketRequest> requests, Outcome outcome) =>
        [.. requests.Select(request => BucketResponse.Uniform(request, outcome))];
}
