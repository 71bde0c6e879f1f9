using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
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
/// <item>The store says truly what became of a commit; when it cannot, the callers hear "unknown" and the heads are thrown
/// away.</item>
/// <item>In a shared store, answers that rest on remembered heads are given only while the store lets this process answer for
/// the bucket (<see cref="IBucketStore.IsCurrent"/>), both when they are begun and when they are released.</item>
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
    OwnerMetrics metrics,
    TimeProvider time)
{
    private const int MaxReadAttempts = 8;
    private const int MaxTurnAttempts = 32;
    private static readonly TimeSpan PauseAfterTakeover = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Queue<PendingRequest> queue = new();
    private int queuedOperations;
    private long queuedBytes;
    private bool running;
    private bool closed;
    private long lastUsed = time.GetTimestamp();
    private BucketHeads? heads;
    private long published;
    private long takeovers;
    private long takenOver;
    private int loads;

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

    /// <summary>Waits until everything that has queued before is answered.</summary>
    public async ValueTask DrainAsync(CancellationToken cancellationToken)
    {
        // A request without operations commits nothing and takes its place in the queue all the same.
        if (TryEnqueue(new BucketRequest(default, []), cancellationToken) is { } passed)
        {
            await passed;
        }
    }

    /// <summary>Another process has written to the bucket: what is remembered, or on its way here, is old.</summary>
    public void TakeOver()
    {
        lock (gate)
        {
            takeovers++;
            takenOver = time.GetTimestamp();
            heads = null;
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
            var full = queue.Count > 0 && request.Operations.Count > 0
                && (queuedOperations + request.Operations.Count > options.MaxQueuedOperations
                    || queuedBytes + pending.Size > options.MaxQueuedBytes);
            if (full || !budget.TryTake(pending.Size, request.Operations.Count))
            {
                return new ValueTask<BucketResponse>(Refuse(request, Unavailable.Overloaded));
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
            var begun = batch.FindAll(static pending => pending.TryBegin());
            var begunAt = metrics.Now();
            var answers = await AnswerAsync(begun);
            if (begun.Count > 0)
            {
                metrics.TurnEnded(begunAt);
            }

            // Before anybody is answered: whoever was told to come back later finds the room that an answer made.
            budget.Release(batch.Sum(static pending => pending.Size), batch.Sum(static pending => pending.Request.Operations.Count));
            for (var i = 0; i < begun.Count; i++)
            {
                answers[i](begun[i]);
            }
        }
    }

    /// <summary>Takes one turn; where a fault, which is a bug, ends it, one turn for each, so that it fails only its own.</summary>
    private async ValueTask<IReadOnlyList<Action<PendingRequest>>> AnswerAsync(List<PendingRequest> begun)
    {
        try
        {
            var responses = begun.Count == 0 ? [] : await ExecuteAsync(begun.ConvertAll(static pending => pending.Request));
            foreach (var response in responses)
            {
                metrics.Answered(response);
            }

            return [.. responses.Select<BucketResponse, Action<PendingRequest>>(response => pending => pending.Complete(response))];
        }
        catch (Exception fault)
        {
            // Whatever it was, this owner no longer knows what the store holds.
            Forget();
            if (begun.Count == 1)
            {
                return [pending => pending.Fail(fault)];
            }
        }

        var answers = new List<Action<PendingRequest>>();
        foreach (var pending in begun)
        {
            answers.AddRange(await AnswerAsync([pending]));
        }

        return answers;
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
            var (operations, bytes) = (0, 0L);
            while (queue.TryPeek(out var pending)
                && (batch.Count == 0
                    || (operations + pending.Request.Operations.Count <= options.MaxTurnOperations && bytes + pending.Size <= options.MaxTurnBytes)))
            {
                queue.Dequeue();
                operations += pending.Request.Operations.Count;
                bytes += pending.Size;
                queuedOperations -= pending.Request.Operations.Count;
                queuedBytes -= pending.Size;
                batch.Add(pending);
            }

            return batch;
        }
    }

    private async ValueTask<IReadOnlyList<BucketResponse>> ExecuteAsync(List<BucketRequest> requests)
    {
        for (var attempt = 0; attempt < MaxTurnAttempts; attempt++)
        {
            // :: Step 1: apply the requests to the heads.
            var seen = Volatile.Read(ref takeovers);

            // Versions tell histories apart only as long as there is one: after a failover that lost commits, a version may
            // come round again. Whatever ends a lease makes turns begin from what is stored.
            var known = Volatile.Read(ref heads) is { } remembered && store.IsCurrent(remembered) ? remembered : null;
            Turn turn;
            var responses = new BucketResponse[requests.Count];
            try
            {
                turn = new Turn(known ?? await LoadAsync(claim: false, CancellationToken.None), reader, store, options, time);
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
                if (known is null || !store.IsShared || requests.TrueForAll(static request => request.Operations.Count == 0))
                {
                    return responses;
                }

                // Refusals of writes are as exact as writes, and no commit has compared the version of these heads.
                Forget();
                continue;
            }

            // :: Step 2: commit.
            var commit = turn.Draft.ToCommit(Guid.NewGuid());
            var begun = metrics.Now();
            var outcome = await store.CommitAsync(commit);
            metrics.Committed(outcome.Status, begun);

            // :: Step 3: publish, or throw the turn away.
            switch (outcome.Status)
            {
                case CommitStatus.Done:
                    lock (gate)
                    {
                        published = commit.Heads.Version;
                    }

                    Publish(commit.Heads with { Row = outcome.Row, Lease = outcome.Lease }, seen);
                    return ClockLeads(commit.Heads) ? [.. responses.Select(response => response with { ClockLeads = true })] : responses;
                case CommitStatus.NotExecuted:
                    return All(requests, Unavailable.StoreFailed);
                case CommitStatus.Refused:
                    return await ExecuteAloneAsync(requests);
                case CommitStatus.Unknown:
                    Forget();
                    return All(requests, Unavailable.FateUnknown);
                case CommitStatus.Stale:
                    Forget();
                    continue;
                default:
                    throw new InvalidOperationException($"Unknown commit status {outcome.Status}.");
            }
        }

        return All(requests, Unavailable.Overloaded);
    }

    /// <summary>What the store will not take fails the request that brought it, not those that came along.</summary>
    private async ValueTask<IReadOnlyList<BucketResponse>> ExecuteAloneAsync(List<BucketRequest> requests)
    {
        if (requests.Count == 1)
        {
            return All(requests, Unavailable.StoreFailed);
        }

        var responses = new List<BucketResponse>();
        foreach (var request in requests)
        {
            responses.AddRange(await ExecuteAsync([request]));
        }

        return responses;
    }

    private async ValueTask<BucketResponse> ReadAsync(BucketRequest request, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var remembered = Volatile.Read(ref heads) is { } known && store.IsCurrent(known) ? known : null;
                var current = remembered ?? await LoadAsync(ClaimsNow(), cancellationToken);
                var outcomes = new Outcome[request.Operations.Count];
                if (remembered is not null && store.IsShared && request.Operations.Any(operation => OperationReader.HasSeenNewer(operation, remembered)))
                {
                    // The caller knows more than this process: another one has written.
                    (remembered, current) = (null, await LoadAsync(claim: false, cancellationToken));
                }

                for (var i = 0; i < outcomes.Length; i++)
                {
                    (outcomes[i], current) = await ReadAsync(request.Operations[i], request.Caller, current, cancellationToken);
                }

                // What rests on memory goes out only while it counts; a process that was stopped meanwhile asks again.
                if (remembered is null || store.IsCurrent(remembered))
                {
                    return new BucketResponse(outcomes, ClockLeads(current));
                }
            }
        }
        catch (StoreUnavailableException)
        {
            return Refuse(request, Unavailable.StoreFailed);
        }
    }

    private BucketResponse Refuse(BucketRequest request, Unavailable why)
    {
        var response = BucketResponse.Uniform(request, why);
        metrics.Answered(response);
        return response;
    }

    /// <returns>The outcome, and the heads as the read left them.</returns>
    private async ValueTask<(Outcome Outcome, BucketHeads Heads)> ReadAsync(
        Operation operation, Caller caller, BucketHeads current, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var (outcome, version) = await reader.ReadAsync(operation, caller, current, Overlay.Empty, cancellationToken);
            if (version <= current.Version)
            {
                return (outcome, current);
            }

            // The snapshot is newer than these heads. It stands if the newer heads still let the caller see it
            // and still know the same lists; else read again.
            var before = current;
            current = await NewerHeadsAsync(version, cancellationToken);
            if (SameView(before, current) || attempt == MaxReadAttempts)
            {
                return (outcome, current);
            }
        }
    }

    private static bool SameView(BucketHeads a, BucketHeads b) =>
        a.Exists == b.Exists && string.Equals(a.Author, b.Author, StringComparison.Ordinal) && a.NextKey == b.NextKey
        && a.Base == b.Base && a.Lists.All(list => b[list.Key].Key == list.Value.Key);

    private async ValueTask<BucketHeads> LoadAsync(bool claim, CancellationToken cancellationToken)
    {
        var seen = Volatile.Read(ref takeovers);
        for (var attempt = 0; ; attempt++)
        {
            var known = Volatile.Read(ref published);
            var loaded = await store.LoadAsync(id, claim, cancellationToken) ?? BucketHeads.Unwritten(id);
            if (loaded.Version >= known)
            {
                return Publish(loaded, seen);
            }

            // Read before a commit that was acknowledged meanwhile. If it stays so, somebody put an old store in its place.
            if (attempt == MaxReadAttempts)
            {
                Accept(loaded, known);
            }
        }
    }

    /// <summary>Remembers heads unless newer ones are known, or another process took the bucket over since they were read.</summary>
    /// <param name="candidate">The heads.</param>
    /// <param name="seen">The number of takeovers before the store was asked for them, or to commit them.</param>
    /// <returns>The newest heads known.</returns>
    private BucketHeads Publish(BucketHeads candidate, long seen)
    {
        lock (gate)
        {
            if (heads is { } known && (known.Version > candidate.Version || (known.Version == candidate.Version && store.IsCurrent(known))))
            {
                return known;
            }

            heads = seen == takeovers ? candidate : null;
            return candidate;
        }
    }

    /// <summary>A restored store is the truth, whatever this owner has acknowledged before.</summary>
    private void Accept(BucketHeads restored, long known)
    {
        lock (gate)
        {
            if (published == known)
            {
                published = restored.Version;
                heads = null;
            }
        }
    }

    private void Forget() => Volatile.Write(ref heads, null);

    /// <summary>
    /// Whether the coming load should also make this process the one that answers from memory: not at the first read, which
    /// may be the only one, and not soon after another process took over, or two would take turns at it.
    /// </summary>
    private bool ClaimsNow()
    {
        lock (gate)
        {
            return store.IsShared && ++loads > 1 && (takeovers == 0 || time.GetElapsedTime(takenOver) > PauseAfterTakeover);
        }
    }

    /// <summary>
    /// Heads at least as new as a version that the store has shown. In this process a commit is published by the turn that
    /// made it, so it is enough to let the turn in flight end; if another process made it, the heads are loaded again.
    /// </summary>
    private async ValueTask<BucketHeads> NewerHeadsAsync(long version, CancellationToken cancellationToken)
    {
        await DrainAsync(cancellationToken);
        return Volatile.Read(ref heads) is { } current && current.Version >= version
            ? current
            : await LoadAsync(claim: false, cancellationToken);
    }

    private bool ClockLeads(BucketHeads current) =>
        current.Clock > ServerTimestamp.Now(time).Plus((long)options.ClockLeadBackoff.TotalMilliseconds);

    private static BucketResponse[] All(List<BucketRequest> requests, Outcome outcome) =>
        [.. requests.Select(request => BucketResponse.Uniform(request, outcome))];
}
