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

                // Versions identify a state only within one history. After a failover that lost commits, a version may
                // occur again. The store refuses a commit that continues another server's version.
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
                        if (i > 0 && (memory.Bytes >= options.MaxTurnBytes || turn.Draft.Overlay.Grants.Count >= MaxIndexRows || enough.HasCome))
                        {
                            // The others go into the next turn.
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

                    // A refused write must be as exact as a write, and no commit has compared the version of these heads.
                    heads.Forget();
                    continue;
                }

                // :: Step 2: commit.
                // The store's deadline is earlier than ours, because its reply says more than a timeout.
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
                    // The callers wait no longer, but the turn does: the bucket's next commit would only collide with this one.
                    // Requests for the next turn have not been executed.
                    DecideAll(begun, Unavailable.FateUnknown);
                    begun.ForEach(static pending => pending.Answer());
                    if (left is not null)
                    {
                        DecideAll(left, Unavailable.Overloaded);
                        left.ForEach(static pending => pending.Answer());
                    }

                    metrics.Committed((await committed).Status, committing);
                    heads.Forget();
                    watch.Tell(published: null);
                    return true;
                }

                var outcome = await committed;
                mayBeWritten = outcome.Status is not (CommitStatus.Stale or CommitStatus.NotExecuted or CommitStatus.Refused or CommitStatus.Closed);
                metrics.Committed(outcome.Status, committing);

                // :: Step 3: publish, or discard the turn.
                switch (outcome.Status)
                {
                    case CommitStatus.Done:
                        if (author is not null)
                        {
                            usage?.Add(author, turn.Draft.Growth, lastRead);
                        }

                        heads.Publish(commit.Heads with { Row = outcome.Row, Lease = outcome.Lease, Incarnation = outcome.Incarnation }, seen);
                        watch.Tell(commit.Heads);
                        if (commit.Heads.HasUnbuiltIndexes)
                        {
                            indexes.Begin();
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
                        watch.Tell(published: null);
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
            // Whatever the fault was, this owner no longer knows what the store holds.
            heads.Forget();
            if (mayBeWritten)
            {
                // The callers hear that the outcome is unknown; only the operator hears why.
                DecideAll(begun, Unavailable.FateUnknown);
                watch.Tell(published: null);
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

    /// <summary>Some callers have gone, and nothing is committed: the turn begins again without their requests.</summary>
    /// <returns>The remaining requests.</returns>
    private static List<PendingRequest> WithoutGone(List<PendingRequest> begun)
    {
        var gone = begun.FindAll(static pending => pending.CallerGone.IsCancellationRequested);
        gone.ForEach(static pending => pending.DecideGone());
        return begun.FindAll(static pending => !pending.IsDecided);
    }

    /// <summary>The accounts in whose names a turn writes. The server's own work has none, even if it concerns somebody.</summary>
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

    /// <summary>Decides the answers of requests whose accounts are closed.</summary>
    /// <returns>The remaining requests.</returns>
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
