using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Takes all writes to one bucket, one after the other. Invariants:
/// <list type="number">
/// <item>At most one turn runs at a time. It takes the requests that have queued, applies them in order to the heads, commits once,
/// publishes the new heads, and only then answers. A caller with an answer therefore finds their write in the heads.</item>
/// <item>The heads are a cache. The store compares the version with each commit, so an owner whose heads are out of date writes
/// nothing, whether another process took over or a backup was restored. It loads the heads and runs the turn again.</item>
/// <item>The store reports truthfully what became of a commit. If it cannot, or if a fault comes after the commit was sent, the callers
/// are told that the outcome is unknown and the heads are discarded. A fault before that fails only the request that
/// caused it. No fault stops the turns.</item>
/// <item>Who may write is judged at the commit. If the store says that a caller's account is closed, the turn runs again without
/// that caller's requests.</item>
/// <item>Every request is answered within <see cref="BucketOptions.AnswerTime"/>, whatever the store does. One that still waits then was
/// not executed; one whose commit the store says nothing of is "unknown".</item>
/// </list>
/// What is known of the bucket is in <see cref="RememberedHeads"/>; requests that only read go through <see cref="BucketReads"/>.
/// </summary>
internal sealed class BucketOwner
{
    private const int MaxTurnAttempts = 32;

    // How often a write is sent back by a turn since the bucket names other groups by then.
    private const int MaxResolutions = 4;

    private readonly IBucketStore store;
    private readonly OperationReader reader;
    private readonly BucketOptions options;
    private readonly QueueBudget budget;
    private readonly OwnerWork work;
    private readonly LiveFeed feed;
    private readonly OwnerMetrics metrics;
    private readonly TimeProvider time;
    private readonly Action<Exception> onFault;
    private readonly RememberedHeads heads;
    private readonly BucketReads reads;
    private readonly Lock gate = new();
    private readonly Queue<PendingRequest> queue = new();
    private int queuedOperations;
    private long queuedBytes;
    private readonly HashSet<Task> asks = [];
    private int resolving;
    private bool running;
    private bool closed;
    private bool building;
    private bool isEnding;
    private long lastUsed;

    // Null while nobody wants to hear of the bucket.
    private WatchedBucket? watched;

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
        (this.store, this.reader, this.options, this.budget, this.work) = (store, reader, options, budget, work);
        (this.feed, this.metrics, this.time, this.onFault) = (feed, metrics, time, onFault);
        lastUsed = time.GetTimestamp();
        Id = id;
        heads = new RememberedHeads(id, store, time);
        reads = new BucketReads(heads, store, reader, options, metrics, time, DrainAsync);
    }

    public BucketId Id { get; }

    /// <summary>As far as is known nobody has ever written to the bucket.</summary>
    public bool IsUnwritten => heads.IsUnwritten;

    /// <returns>Null when this owner is gone; get the bucket again.</returns>
    public ValueTask<BucketResponse>? TryExecute(BucketRequest request, CancellationToken cancellationToken)
    {
        if (heads.From(0) is { HasUnbuiltIndexes: true })
        {
            BuildIndexes();
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

    /// <summary>Closes the owner if it has had nothing to do for so long.</summary>
    public bool TryClose(TimeSpan idle)
    {
        lock (gate)
        {
            closed = closed || (!running && queue.Count == 0 && resolving == 0 && time.GetElapsedTime(lastUsed) >= idle);
            return closed;
        }
    }

    /// <summary>
    /// Goes on building indexes on fields, in turns of their own among those of others. It ends when they are whole, when the bucket's owner does, or when a step
    /// could not be done; the next request, or the next owner's first one, has it go on.
    /// </summary>
    private void BuildIndexes()
    {
        lock (gate)
        {
            if (building || closed || isEnding)
            {
                return;
            }

            building = true;
        }

        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _ = BuildIndexesAsync();
        }
    }

    /// <summary>Builds nothing more: the bucket's owner is about to be another one.</summary>
    public void EndBuilding() => Volatile.Write(ref isEnding, value: true);

    private async Task BuildIndexesAsync()
    {
        try
        {
            var version = -1L;
            while (!Volatile.Read(ref isEnding) && heads.From(0) is { HasUnbuiltIndexes: true } known && known.Version > version)
            {
                version = known.Version;
                var list = known.Lists.Values.First(static head => head.Indexes.Any(static index => !index.IsUsable)).List;
                if (!await work.Builds.TryEnterAsync(known.Author ?? "", CancellationToken.None))
                {
                    return;
                }

                try
                {
                    var request = new BucketRequest(Caller.System, [new BuildFieldIndexes(list)]);
                    if (TryEnqueue(request, Deadline.After(options.AnswerTime, time), CancellationToken.None) is not { } step || (await step).Outcomes[0] is not CountFound)
                    {
                        return;
                    }
                }
                finally
                {
                    work.Builds.Leave();
                }
            }
        }
        catch (Exception fault)
        {
            onFault(fault);
        }
        finally
        {
            lock (gate)
            {
                building = false;
            }
        }
    }

    /// <summary>Waits until everything that has queued before is answered.</summary>
    public async ValueTask DrainAsync(CancellationToken cancellationToken)
    {
        // A request without operations commits nothing and takes its place in the queue all the same.
        if (TryEnqueue(new BucketRequest(default, []), Deadline.After(options.AnswerTime, time), cancellationToken) is { } passed)
        {
            await passed;
        }
    }

    /// <summary>Waits until other buckets have said what they were asked before the turns of those who wait now.</summary>
    public async ValueTask AskedAsync(CancellationToken cancellationToken)
    {
        Task[] asking;
        lock (gate)
        {
            asking = [.. asks];
        }

        await Task.WhenAll(asking).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.ForceYielding);
    }

    /// <summary>Another process has written to the bucket: what is remembered, or on its way here, is old.</summary>
    public void TakeOver() => heads.TakeOver();

    /// <summary>Somebody wants to hear of the bucket's changes.</summary>
    public void Watch(WatchedBucket watch) => Volatile.Write(ref watched, watch);

    /// <param name="published">The new heads; null where it is not known what has changed.</param>
    private void TellWatch(BucketHeads? published)
    {
        while (Volatile.Read(ref watched) is { } watch && !(published is null ? watch.TellAll() : watch.Tell(published)))
        {
            // It is over; there may be another one, which this owner was told of before it.
            var next = feed.Find(Id);
            Interlocked.CompareExchange(ref watched, next == watch ? null : next, watch);
        }
    }

    /// <summary>A write whose caller may be in groups of other buckets, which are asked before its turn and never in it.</summary>
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
            // As far as is known. The turn looks again, and knows for sure.
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
                        request = request with { Caller = await AskAsync(request.Caller, cancellationToken) };
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

    /// <summary>Finds out in which groups of other buckets the caller is. Takes no more than its share of the time for the answer.</summary>
    /// <returns>The caller with what was found out, be it that nobody answered.</returns>
    private async ValueTask<Caller> AskAsync(Caller caller, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asked = WithForeignAsync(caller, ended.Token).WaitAsync(options.AnswerTime / 4, time, cancellationToken);
        lock (gate)
        {
            asks.Add(asked);
        }

        try
        {
            return await asked;
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            await ended.CancelAsync();
            return caller with { Principals = caller.Principals with { Foreign = ForeignGroups.Unknown } };
        }
        finally
        {
            lock (gate)
            {
                asks.Remove(asked);
            }
        }
    }

    private async Task<Caller> WithForeignAsync(Caller caller, CancellationToken cancellationToken) =>
        await reader.Memberships.WithForeignAsync(caller, heads.Current ?? await heads.LoadAsync(claim: false, cancellationToken), cancellationToken);

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
            var full = queue.Count > 0 && pending.Operations > 0
                && (queuedOperations + pending.Operations > options.MaxQueuedOperations
                    || queuedBytes + pending.Size > options.MaxQueuedBytes);
            if (full || !budget.TryTake(pending.Size, pending.Operations))
            {
                return new ValueTask<BucketResponse>(metrics.Counted(BucketResponse.Uniform(request, Unavailable.Overloaded)));
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
            // The turns to come are not this caller's: neither their cancellation nor their trace belongs to it.
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _ = RunAsync();
            }
        }

        // Mostly its turn has begun by now, and ends in time by itself.
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

            // Else its turn has begun, and ends in time, or has just ended.
            return await pending.Answered;
        }
    }

    private async Task RunAsync()
    {
        while (Drain() is { } batch)
        {
            for (var most = batch.Count; batch.Count > 0;)
            {
                var turn = batch.GetRange(0, Math.Min(most, batch.Count));
                batch.RemoveRange(0, turn.Count);
                var gone = turn.FindAll(static pending => !pending.HasBegun && !pending.TryBegin());
                if (gone.Count > 0)
                {
                    turn.RemoveAll(gone.Contains);
                    Release(gone);
                }

                try
                {
                    var begun = metrics.Now();
                    if (turn.Count > 0 && !await TryExecuteAsync(turn))
                    {
                        await ExecuteEachAsync(turn);
                    }

                    Measure(turn, begun);
                }
                catch (Exception fault)
                {
                    // Whatever it was: were this loop to end, nobody could write to the bucket again.
                    heads.Forget();
                    onFault(fault);
                }

                // What was too much for one turn takes the next one, with no more than may fit. If nothing was decided, nobody knows.
                var done = turn.Exists(static pending => pending.IsDecided) ? turn.FindAll(static pending => pending.IsDecided) : turn;
                most = 2 * Math.Max(1, done.Count);
                if (done.Count < turn.Count)
                {
                    batch.InsertRange(0, turn.FindAll(pending => !done.Contains(pending)));
                }

                // Before anybody is answered: whoever was told to come back later finds the room that an answer made.
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

    /// <summary>Takes a turn for each.</summary>
    private async ValueTask ExecuteEachAsync(List<PendingRequest> begun)
    {
        foreach (var pending in begun.Where(static pending => !pending.IsDecided))
        {
            await TryExecuteAsync([pending]);
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
    /// <returns>
    /// False when nothing was written and each is to be run alone. Else the answers are decided: of all, or of those that could be done
    /// with the bytes and in the time that a turn may have, at least of the first.
    /// </returns>
    private async ValueTask<bool> TryExecuteAsync(List<PendingRequest> begun)
    {
        var requests = begun.ConvertAll(static pending => pending.Request);
        var deadline = begun[0].Deadline;
        for (var i = 1; i < begun.Count; i++)
        {
            deadline = Deadline.Earliest(deadline, begun[i].Deadline);
        }

        var over = work.Limits.Take(deadline.Left);
        List<PendingRequest>? left = null;
        using var memory = new TurnMemory(work.Memory);
        var mayBeWritten = false;
        try
        {
            for (var attempt = 0; attempt < MaxTurnAttempts && !over.IsCancellationRequested; attempt++)
            {
                // :: Step 1: apply the requests to the heads.
                var seen = heads.Takeovers;
                memory.Clear();
                if (left is not null)
                {
                    begun = [.. begun, .. left];
                    requests.AddRange(left.ConvertAll(static pending => pending.Request));
                    left = null;
                }

                // Versions tell histories apart only as long as there is one: after a failover that lost commits, a version may
                // come round again. The store refuses a commit that continues another server's version.
                var known = heads.Current;
                Turn turn;
                var responses = new BucketResponse[requests.Count];
                try
                {
                    turn = new Turn(known ?? await heads.LoadAsync(claim: false, over.Token), reader, store, options, time, work, memory);
                    await turn.PreloadAsync(requests, over.Token);
                    var enough = Deadline.After(options.FilterTime, time);
                    for (var i = 0; i < responses.Length; i++)
                    {
                        if (i > 0 && (memory.Bytes >= options.MaxTurnBytes || enough.HasCome))
                        {
                            // The others take the next turn.
                            left = begun.GetRange(i, begun.Count - i);
                            begun = begun.GetRange(0, i);
                            requests = requests.GetRange(0, i);
                            responses = responses[..i];
                            break;
                        }

                        responses[i] = reader.Knows(requests[i], turn.Draft.Heads) ? await ExecuteAsync(turn, begun[i], over.Token) : PendingRequest.Unresolved;
                    }

                    await turn.EndAsync(over.Token);
                }
                catch (OperationCanceledException) when (!over.IsCancellationRequested && begun.Exists(static pending => pending.CallerGone.IsCancellationRequested))
                {
                    begun = WithoutGone(begun);
                    if (begun.Count == 0)
                    {
                        return true;
                    }

                    requests = begun.ConvertAll(static pending => pending.Request);
                    attempt--;
                    continue;
                }
                catch (Exception e) when (e is StoreUnavailableException || (e is OperationCanceledException && over.IsCancellationRequested))
                {
                    DecideAll(begun, Unavailable.StoreFailed);
                    return true;
                }

                if (turn.IsStale)
                {
                    heads.Forget();
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
                    heads.Forget();
                    continue;
                }

                // :: Step 2: commit.
                // The store, which knows more than that there is no answer, is to speak first.
                var commit = turn.Draft.ToCommit(Guid.NewGuid()) with
                {
                    Accounts = AccountsOf(requests),
                    Deadline = deadline.Before(options.AnswerTime / 15),
                };
                var (author, usage) = (commit.Heads.Author, work.Quotas?.Usage);
                var lastRead = author is null ? 0 : usage?.LastRead(author) ?? 0;
                var committing = metrics.Now();
                mayBeWritten = true;
                var committed = store.CommitAsync(commit).AsTask();
                await ((Task)committed.WaitAsync(over.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!committed.IsCompleted)
                {
                    // Callers wait no longer. The turn does: until this has ended the bucket's next commit would only meet it.
                    // Of those that were to take the next one nothing is done.
                    DecideAll(begun, Unavailable.FateUnknown);
                    begun.ForEach(static pending => pending.Answer());
                    if (left is not null)
                    {
                        DecideAll(left, Unavailable.Overloaded);
                        left.ForEach(static pending => pending.Answer());
                    }

                    metrics.Committed((await committed).Status, committing);
                    heads.Forget();
                    TellWatch(published: null);
                    return true;
                }

                var outcome = await committed;
                mayBeWritten = outcome.Status is not (CommitStatus.Stale or CommitStatus.NotExecuted or CommitStatus.Refused or CommitStatus.Closed);
                metrics.Committed(outcome.Status, committing);

                // :: Step 3: publish, or throw the turn away.
                switch (outcome.Status)
                {
                    case CommitStatus.Done:
                        if (author is not null)
                        {
                            usage?.Add(author, turn.Draft.Growth, lastRead);
                        }

                        heads.Publish(commit.Heads with { Row = outcome.Row, Lease = outcome.Lease, Incarnation = outcome.Incarnation }, seen);
                        TellWatch(commit.Heads);
                        if (commit.Heads.HasUnbuiltIndexes)
                        {
                            BuildIndexes();
                        }

                        Decide(begun, options.ClockLeads(commit.Heads, time) ? Array.ConvertAll(responses, static response => ReferenceEquals(response, PendingRequest.Unresolved) ? response : response with { ClockLeads = true }) : responses);
                        return true;
                    case CommitStatus.Refused when begun.Count > 1:
                        return false;
                    case CommitStatus.Refused or CommitStatus.NotExecuted:
                        DecideAll(begun, Unavailable.StoreFailed);
                        return true;
                    case CommitStatus.Unknown:
                        heads.Forget();
                        TellWatch(published: null);
                        DecideAll(begun, Unavailable.FateUnknown);
                        return true;
                    case CommitStatus.Stale:
                        heads.Forget();
                        continue;
                    case CommitStatus.Closed:
                        begun = WithoutClosed(begun, outcome.Closed!);
                        requests = begun.ConvertAll(static pending => pending.Request);
                        if (begun.Count == 0)
                        {
                            return true;
                        }

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
            heads.Forget();
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
        finally
        {
            work.Limits.GiveBack(over);
        }
    }

    /// <summary>Only work that can take long is looked after while it lasts.</summary>
    private static ValueTask<BucketResponse> ExecuteAsync(Turn turn, PendingRequest pending, CancellationToken reading) =>
        pending.CallerGone.CanBeCanceled && CanTakeLong(pending.Request) ? ExecuteWatchedAsync(turn, pending, reading) : turn.ExecuteAsync(pending.Request, reading);

    private static bool CanTakeLong(BucketRequest request)
    {
        for (var i = 0; i < request.Operations.Count; i++)
        {
            if (request.Operations[i] is PatchRecord or DeleteRecords or ListRecords or CountRecords)
            {
                return true;
            }
        }

        return false;
    }

    private static async ValueTask<BucketResponse> ExecuteWatchedAsync(Turn turn, PendingRequest pending, CancellationToken reading)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(reading, pending.CallerGone);
        return await turn.ExecuteAsync(pending.Request, either.Token);
    }

    /// <summary>Nobody waits for what some of these ask for, and nothing is committed: the turn begins again without them.</summary>
    /// <returns>The others.</returns>
    private static List<PendingRequest> WithoutGone(List<PendingRequest> begun)
    {
        var gone = begun.FindAll(static pending => pending.CallerGone.IsCancellationRequested);
        gone.ForEach(static pending => pending.DecideGone());
        return begun.FindAll(static pending => !pending.IsDecided);
    }

    /// <summary>In whose names a turn writes. What the server does by itself is nobody's, also where it is about somebody.</summary>
    private static List<long> AccountsOf(List<BucketRequest> requests)
    {
        var accounts = new List<long>(1);
        foreach (var request in requests)
        {
            if (request.Caller.Access != BucketAccess.System && request.Caller.Principals.Account.Number is not 0 and var number && !accounts.Contains(number))
            {
                accounts.Add(number);
            }
        }

        return accounts;
    }

    /// <summary>Decides the answers to those whose accounts are closed.</summary>
    /// <returns>The others.</returns>
    private static List<PendingRequest> WithoutClosed(List<PendingRequest> begun, IReadOnlyList<long> closed)
    {
        var gone = begun.FindAll(pending =>
            pending.Request.Caller.Access != BucketAccess.System && closed.Contains(pending.Request.Caller.Principals.Account.Number));
        gone.ForEach(static pending => pending.Decide(BucketResponse.Uniform(pending.Request, AccountClosed.Instance)));
        return gone.Count > 0
            ? begun.FindAll(pending => !gone.Contains(pending))
            : throw new InvalidOperationException("The store says of an account that it is closed which the commit did not name.");
    }

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
