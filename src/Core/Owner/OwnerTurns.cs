using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Runs the turns of one bucket's owner, one at a time: applies requests to the heads, commits the changes, and publishes the new heads.
/// Invariants:
/// <list type="number">
/// <item>No answer is decided before the commit that it depends on is done and the new heads are published.</item>
/// <item>The store compares the version with each commit. A turn that began with outdated heads is discarded, and runs again with new ones.</item>
/// <item>Between sending a commit and the store's reply, a fault means that the outcome is unknown. Before that, it means that nothing
/// was done.</item>
/// <item>A turn ends in time for the request with the earliest deadline. Requests that time or memory did not suffice for go into the next turn.</item>
/// </list>
/// </summary>
/// <param name="heads">The remembered heads.</param>
/// <param name="store">The store of the bucket.</param>
/// <param name="reader">Reads inside turns.</param>
/// <param name="options">Limits.</param>
/// <param name="work">Resources that all owners share.</param>
/// <param name="watch">Notified of commits.</param>
/// <param name="indexes">Continues where a commit leaves an index unbuilt.</param>
/// <param name="metrics">Measurements.</param>
/// <param name="time">The clock.</param>
/// <param name="onFault">Called with faults that callers are not told.</param>
internal sealed class OwnerTurns(
    RememberedHeads heads,
    IBucketStore store,
    OperationReader reader,
    BucketOptions options,
    OwnerWork work,
    OwnerWatch watch,
    IndexBuilding indexes,
    OwnerMetrics metrics,
    TimeProvider time,
    Action<Exception> onFault)
{
    private const int MaxTurnAttempts = 32;

    // Rows of the index of principals in one commit, unless one request has more. An object can have 10,000, and other buckets' commits may wait for this one.
    private const int MaxIndexRows = 5_000;

    /// <summary>
    /// Runs one turn and decides the answers. A fault (a bug), or a commit that the store refuses, fails only the request that
    /// caused it: the other requests each run in a turn of their own. This does not apply after a commit that may have happened, because work
    /// would then be done twice. In that case the outcome is unknown, and all callers are told so.
    /// </summary>
    /// <returns>
    /// False if nothing was written and each request is to be run alone. Otherwise the answers are decided: all of them, or those for which
    /// the bytes and the time of a turn sufficed, at least the first.
    /// </returns>
    public async ValueTask<bool> TryExecuteAsync(List<PendingRequest> begun)
    {
        var batch = new TurnBatch(begun);
        var deadline = batch.Deadline;
        var over = work.Limits.Take(deadline.Left);
        using var memory = new TurnMemory(work.Memory);
        var mayBeWritten = false;
        try
        {
            for (var attempt = 0; attempt < MaxTurnAttempts && !over.IsCancellationRequested; attempt++)
            {
                // :: Step 1: apply the requests to the heads.
                var seen = heads.Takeovers;
                memory.Clear();
                batch.Begin();

                // Versions identify a state only within one history. After a failover that lost commits, a version may
                // occur again. The store refuses a commit that continues another server's version.
                var known = heads.Current;
                Turn turn;
                try
                {
                    turn = new Turn(known ?? await heads.LoadAsync(claim: false, over.Token), reader, store, options, time, work, memory);
                    await turn.PreloadAsync(batch.Requests, over.Token);
                    var enough = Deadline.After(options.FilterTime, time);
                    for (var i = 0; i < batch.Count; i++)
                    {
                        if (i > 0 && IsFull(turn, memory, enough))
                        {
                            batch.LeaveFrom(i);
                            break;
                        }

                        batch.Respond(i, reader.Knows(batch.Requests[i], turn.Draft.Heads) ? await ExecuteAsync(turn, batch.Pending[i], over.Token) : PendingRequest.Unresolved);
                    }

                    await turn.EndAsync(over.Token);
                }
                catch (OperationCanceledException) when (!over.IsCancellationRequested && batch.HasGone)
                {
                    batch.RemoveGone();
                    if (batch.Count == 0)
                    {
                        return true;
                    }

                    attempt--;
                    continue;
                }
                catch (Exception e) when (e is StoreUnavailableException || (e is OperationCanceledException && over.IsCancellationRequested))
                {
                    batch.Decide(Unavailable.StoreFailed);
                    return true;
                }

                // A refused write must be as exact as a write, and no commit has compared the version of remembered heads.
                if (turn.IsStale || (!turn.Draft.HasChanges && known is not null && store.IsShared && !batch.IsIdle))
                {
                    heads.Forget();
                    continue;
                }

                if (!turn.Draft.HasChanges)
                {
                    batch.Decide(clockLeads: false);
                    return true;
                }

                // :: Step 2: commit.
                var commit = CommitOf(turn, batch.Accounts(), deadline);
                var (author, usage) = (commit.Heads.Author, work.Quotas?.Usage);
                var lastRead = author is null ? 0 : usage?.LastRead(author) ?? 0;
                var committing = metrics.Now();
                mayBeWritten = true;
                var committed = store.CommitAsync(commit).AsTask();
                await ((Task)committed.WaitAsync(over.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!committed.IsCompleted)
                {
                    // The callers wait no longer, but the turn does: the bucket's next commit would only collide with this one.
                    batch.AnswerUnknown();
                    metrics.Committed((await committed).Status, committing);
                    ForgetAndTell();
                    return true;
                }

                var outcome = await committed;
                mayBeWritten = outcome.Status is not (CommitStatus.Stale or CommitStatus.NotExecuted or CommitStatus.Refused or CommitStatus.Closed);
                metrics.Committed(outcome.Status, committing);

                // :: Step 3: publish, or discard the turn.
                if (outcome.Status is CommitStatus.Done && author is not null)
                {
                    usage?.Add(author, turn.Draft.Growth, lastRead);
                }

                if (Settle(ref batch, commit, outcome, seen) is { } isDecided)
                {
                    return isDecided;
                }
            }

            batch.Decide(Unavailable.Overloaded);
            return true;
        }
        catch (Exception fault)
        {
            return HasDecided(ref batch, fault, mayBeWritten);
        }
        finally
        {
            work.Limits.GiveBack(over);
        }
    }

    /// <summary>Whether the turn has done enough: the other requests go into the next one.</summary>
    private bool IsFull(Turn turn, TurnMemory memory, Deadline enough) =>
        memory.Bytes >= options.MaxTurnBytes || turn.Draft.Overlay.Grants.Count >= MaxIndexRows || enough.HasCome;

    /// <summary>Watches for a caller who leaves only where the work can take long.</summary>
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

    /// <param name="turn">What was done.</param>
    /// <param name="accounts">In whose names.</param>
    /// <param name="deadline">When the first caller must be answered. The store's deadline is earlier, because its reply says more than a timeout.</param>
    private BucketCommit CommitOf(Turn turn, List<long> accounts, Deadline deadline) => turn.Draft.ToCommit(Guid.NewGuid()) with
    {
        Accounts = accounts,
        Deadline = deadline.Before(options.AnswerTime / 15),
    };

    /// <param name="batch">The requests.</param>
    /// <param name="commit">What was to be stored.</param>
    /// <param name="outcome">What the store says of it.</param>
    /// <param name="seen">The number of takeovers before it.</param>
    /// <returns>Whether the answers are decided; otherwise each request is to be run alone. Null if the turn is to be run again.</returns>
    private bool? Settle(ref TurnBatch batch, BucketCommit commit, CommitOutcome outcome, long seen)
    {
        switch (outcome.Status)
        {
            case CommitStatus.Done:
                Publish(commit.Heads with { Row = outcome.Row, Lease = outcome.Lease, Incarnation = outcome.Incarnation }, seen);
                batch.Decide(options.ClockLeads(commit.Heads, time));
                return true;
            case CommitStatus.Refused when batch.Count > 1:
                return false;
            case CommitStatus.Refused or CommitStatus.NotExecuted:
                batch.Decide(Unavailable.StoreFailed);
                return true;
            case CommitStatus.Unknown:
                ForgetAndTell();
                batch.Decide(Unavailable.FateUnknown);
                return true;
            case CommitStatus.Stale:
                heads.Forget();
                return null;
            case CommitStatus.Closed:
                batch.RemoveClosed(outcome.Closed!);
                return batch.Count == 0 ? true : null;
            default:
                throw new InvalidOperationException($"Unknown commit status {outcome.Status}.");
        }
    }

    private void Publish(BucketHeads committed, long seen)
    {
        heads.Publish(committed, seen);
        watch.Tell(committed);
        if (committed.HasUnbuiltIndexes)
        {
            indexes.Begin();
        }
    }

    /// <summary>It is not known what the store holds.</summary>
    private void ForgetAndTell()
    {
        heads.Forget();
        watch.Tell(published: null);
    }

    /// <summary>Whatever the fault was, this owner no longer knows what the store holds.</summary>
    /// <returns>Whether the answers are decided; otherwise each request is to be run alone.</returns>
    private bool HasDecided(ref TurnBatch batch, Exception fault, bool mayBeWritten)
    {
        heads.Forget();
        if (mayBeWritten)
        {
            // The callers hear that the outcome is unknown; only the operator hears why.
            batch.Decide(Unavailable.FateUnknown);
            watch.Tell(published: null);
            onFault(fault);
        }
        else if (batch.Count == 1)
        {
            batch.Pending[0].Decide(fault);
        }

        return mayBeWritten || batch.Count == 1;
    }
}
