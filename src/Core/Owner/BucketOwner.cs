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
/// <item>The store says truly what became of a commit; when it cannot, or a fault comes in between, the callers hear "unknown"
/// and the heads are thrown away. A fault before that fails its own request; none ends the turns.</item>
/// <item>Heads older than any that were remembered are not remembered again, unless an old store was put in the place of this
/// one.</item>
/// <item>In a shared store, answers that rest on remembered heads are given only while the store lets this process answer for
/// the bucket (<see cref="IBucketStore.IsCurrent"/>), both when they are begun and when they are released.</item>
/// <item>Every request is answered within <see cref="BucketOptions.AnswerTime"/>, whatever the store does: one that still waits
/// then was not executed, and one whose commit the store says nothing of is "unknown".</item>
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
    TimeProvider time,
    Action<Exception> onFault)
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

    // Version of the newest heads that were ever remembered: by them somebody may have been answered.
    private long newest;
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
        return ReadInTimeAsync(request, cancellationToken);
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
        var deadline = Deadline.After(options.AnswerTime, time);
        var pending = new PendingRequest(request, deadline.Before(options.AnswerTime / 4), deadline, cancellationToken);
        var start = false;
        lock (gate)
        {
            if (closed)
            {
                return null;
            }

            lastUsed = time.GetTimestamp();
            var full = queue.Count > 0 && pending.Operations > 0
                && (queuedOperations + pending.Operations > options.MaxQueuedOperations
                    || queuedBytes + pending.Size > options.MaxQueuedBytes);
            if (full || !budget.TryTake(pending.Size, pending.Operations))
            {
                return new ValueTask<BucketResponse>(Refuse(request, Unavailable.Overloaded));
            }

            queue.Enqueue(pending);
            queuedOperations += pending.Operations;
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

        return new ValueTask<BucketResponse>(AnswerInTimeAsync(pending));
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

            // Else its turn has begun, and ends in time, or has just ended.
            return await pending.Answered;
        }
    }

    private async Task RunAsync()
    {
        while (Drain() is { } batch)
        {
            var begun = batch.FindAll(static pending => pending.TryBegin());
            try
            {
                await TakeTurnAsync(begun);
            }
            catch (Exception fault)
            {
                // Whatever it was: were this loop to end, nobody could write to the bucket again.
                Forget();
                onFault(fault);
            }

            // Before anybody is answered: whoever was told to come back later finds the room that an answer made.
            budget.Release(batch.Sum(static pending => pending.Size), batch.Sum(static pending => pending.Operations));
            begun.ForEach(static pending => pending.Answer());
        }
    }

    private async ValueTask TakeTurnAsync(List<PendingRequest> begun)
    {
        if (begun.Count == 0)
        {
            return;
        }

        var begunAt = metrics.Now();
        if (!await TryExecuteAsync(begun))
        {
            foreach (var pending in begun)
            {
                await TryExecuteAsync([pending]);
            }
        }

        metrics.TurnEnded(begunAt);
        begun.ForEach(pending => metrics.Answered(pending.Response));
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
                    || (operations + pending.Operations <= options.MaxTurnOperations && bytes + pending.Size <= options.MaxTurnBytes)))
            {
                queue.Dequeue();
                operations += pending.Operations;
                bytes += pending.Size;
                queuedOperations -= pending.Operations;
                queuedBytes -= pending.Size;
                batch.Add(pending);
            }

            return batch;
        }
    }

    /// <summary>
    /// Takes one turn and decides the answers. A fault, which is a bug, or a commit that the store will not take fails the
    /// request that brought it and not those that came along: each is run in a turn of its own. Never after a commit that may
    /// have happened, or work would be done twice; then nobody knows, and all are told so.
    /// </summary>
    /// <returns>False when nothing was written and each is to be run alone; true when all answers are decided.</returns>
    private async ValueTask<bool> TryExecuteAsync(List<PendingRequest> begun)
    {
        var requests = begun.ConvertAll(static pending => pending.Request);
        var deadline = begun.Select(static pending => pending.Deadline).Aggregate(Deadline.Earliest);
        using var reading = new CancellationTokenSource(deadline.Left, time);
        var mayBeWritten = false;
        try
        {
            for (var attempt = 0; attempt < MaxTurnAttempts && !reading.IsCancellationRequested; attempt++)
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
                    turn = new Turn(known ?? await LoadAsync(claim: false, reading.Token), reader, store, options, time);
                    await turn.PreloadAsync(requests, reading.Token);
                    for (var i = 0; i < responses.Length; i++)
                    {
                        responses[i] = await turn.ExecuteAsync(requests[i], reading.Token);
                    }
                }
                catch (Exception e) when (e is StoreUnavailableException || (e is OperationCanceledException && reading.IsCancellationRequested))
                {
                    DecideAll(begun, Unavailable.StoreFailed);
                    return true;
                }

                if (turn.IsStale)
                {
                    Forget();
                    continue;
                }

                if (!turn.Draft.HasChanges)
                {
                    if (known is null || !store.IsShared || requests.TrueForAll(static request => request.Operations.Count == 0))
                    {
                        Decide(begun, responses);
                        return true;
                    }

                    // Refusals of writes are as exact as writes, and no commit has compared the version of these heads.
                    Forget();
                    continue;
                }

                // :: Step 2: commit.
                // The store, which knows more than that there is no answer, is to speak first.
                var commit = turn.Draft.ToCommit(Guid.NewGuid()) with { Deadline = deadline.Before(options.AnswerTime / 15) };
                var committing = metrics.Now();
                mayBeWritten = true;
                var committed = store.CommitAsync(commit).AsTask();
                await ((Task)deadline.WaitAsync(committed)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!committed.IsCompleted)
                {
                    // Callers wait no longer. The turn does: until this has ended the bucket's next commit would only meet it.
                    DecideAll(begun, Unavailable.FateUnknown);
                    begun.ForEach(static pending => pending.Answer());
                    metrics.Committed((await committed).Status, committing);
                    Forget();
                    return true;
                }

                var outcome = await committed;
                mayBeWritten = outcome.Status is not (CommitStatus.Stale or CommitStatus.NotExecuted or CommitStatus.Refused);
                metrics.Committed(outcome.Status, committing);

                // :: Step 3: publish, or throw the turn away.
                switch (outcome.Status)
                {
                    case CommitStatus.Done:
                        Publish(commit.Heads with { Row = outcome.Row, Lease = outcome.Lease }, seen);
                        Decide(begun, ClockLeads(commit.Heads) ? Array.ConvertAll(responses, static response => response with { ClockLeads = true }) : responses);
                        return true;
                    case CommitStatus.Refused when begun.Count > 1:
                        return false;
                    case CommitStatus.Refused or CommitStatus.NotExecuted:
                        DecideAll(begun, Unavailable.StoreFailed);
                        return true;
                    case CommitStatus.Unknown:
                        Forget();
                        DecideAll(begun, Unavailable.FateUnknown);
                        return true;
                    case CommitStatus.Stale:
                        Forget();
                        continue;
                    default:
                        throw new InvalidOperationException($"Unknown commit status {outcome.Status}.");
                }
            }

            DecideAll(begun, Unavailable.Overloaded);
            return true;
        }
        catch (Exception fault)
        {
            // Whatever it was, this owner no longer knows what the store holds.
            Forget();
            if (mayBeWritten)
            {
                // The callers hear that nobody knows; why, only who runs the program.
                DecideAll(begun, Unavailable.FateUnknown);
                onFault(fault);
            }
            else if (begun.Count == 1)
            {
                begun[0].Decide(fault);
            }

            return mayBeWritten || begun.Count == 1;
        }
    }

    private async ValueTask<BucketResponse> ReadInTimeAsync(BucketRequest request, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answer = ReadAsync(request, ended.Token);
        if (answer.IsCompleted)
        {
            // Out of memory, as most are: they need no timer.
            return await answer;
        }

        var answered = answer.AsTask();
        try
        {
            return await answered.WaitAsync(options.AnswerTime, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            if (answered.IsCompleted)
            {
                return await answered;
            }

            await ended.CancelAsync();
            return Refuse(request, Unavailable.StoreFailed);
        }
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
                    var response = new BucketResponse(outcomes, ClockLeads(current));
                    metrics.Answered(response);
                    return response;
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
        for (var attempt = 0; attempt < MaxReadAttempts; attempt++)
        {
            var (outcome, version) = await reader.ReadAsync(operation, caller, current, Overlay.Empty, cancellationToken);
            if (version <= current.Version)
            {
                return (outcome, current);
            }

            // The snapshot is newer than these heads. It stands if the newer heads still let the caller see it
            // and still know the same lists with the same history; else read again.
            var before = current;
            current = await NewerHeadsAsync(version, cancellationToken);
            if (SameView(before, current))
            {
                return (outcome, current);
            }
        }

        // What was read does not fit what is known of the bucket, and never did: it is not shown.
        return (Unavailable.Overloaded, current);
    }

    private static bool SameView(BucketHeads a, BucketHeads b) =>
        a.Exists == b.Exists && string.Equals(a.Author, b.Author, StringComparison.Ordinal) && a.NextKey == b.NextKey
        && a.Base == b.Base && a.Lists.All(list => b[list.Key].Key == list.Value.Key && b[list.Key].Horizon == list.Value.Horizon);

    private async ValueTask<BucketHeads> LoadAsync(bool claim, CancellationToken cancellationToken)
    {
        var seen = Volatile.Read(ref takeovers);
        for (var older = 0; ;)
        {
            var known = Volatile.Read(ref newest);
            var loaded = await store.LoadAsync(id, claim, cancellationToken) ?? BucketHeads.Unwritten(id);
            if (loaded.Version < known)
            {
                // Asked for after the newer ones were known, and older all the same. If it stays so, somebody put an old store in
                // the place of this one.
                if (++older > MaxReadAttempts)
                {
                    Accept(loaded, known);
                }
            }
            else if (Publish(loaded, seen) is { } current)
            {
                return current;
            }
        }
    }

    /// <summary>
    /// Remembers heads unless newer ones are known or were, also if they were forgotten since, or another process took the
    /// bucket over since these were read.
    /// </summary>
    /// <param name="candidate">The heads.</param>
    /// <param name="seen">The number of takeovers before the store was asked for them, or to commit them.</param>
    /// <returns>The newest heads known; null when they are not at hand, and the candidate is older.</returns>
    private BucketHeads? Publish(BucketHeads candidate, long seen)
    {
        lock (gate)
        {
            if (heads is { } known && (known.Version > candidate.Version || (known.Version == candidate.Version && store.IsCurrent(known))))
            {
                return known;
            }

            if (candidate.Version < newest)
            {
                return null;
            }

            newest = candidate.Version;
            heads = seen == takeovers ? candidate : null;
            return candidate;
        }
    }

    /// <summary>A restored store is the truth, whatever this owner has acknowledged before.</summary>
    private void Accept(BucketHeads restored, long known)
    {
        lock (gate)
        {
            if (newest == known)
            {
                newest = restored.Version;
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

    private static void Decide(List<PendingRequest> begun, BucketResponse[] responses)
    {
        for (var i = 0; i < responses.Length; i++)
        {
            begun[i].Decide(responses[i]);
        }
    }

    private static void DecideAll(List<PendingRequest> begun, Unavailable why) =>
        begun.ForEach(pending => pending.Decide(BucketResponse.Uniform(pending.Request, why)));
}
