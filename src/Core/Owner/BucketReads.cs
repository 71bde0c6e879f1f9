using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Answers the requests that only read. Invariants:
/// <list type="number">
/// <item>They do not wait for turns. They may see rows in the store that are newer than the heads, between a commit and its
/// publication. They then wait for the publication, so that no reader sees time go back.</item>
/// <item>An answer from remembered heads goes out only while these are valid. That is checked when the answer is begun and when it is
/// released.</item>
/// <item>Every answer is ready within <see cref="BucketOptions.AnswerTime"/>.</item>
/// </list>
/// A read in the same request as a write takes its turn with it and does not come here. <c>drained</c> completes when the turns of
/// all requests queued so far have ended.
/// </summary>
internal sealed class BucketReads(
    RememberedHeads heads,
    IBucketStore store,
    OperationReader reader,
    BucketOptions options,
    OwnerMetrics metrics,
    TimeLimits limits,
    TimeProvider time,
    Func<CancellationToken, ValueTask> drained)
{
    private const int MaxAttempts = 8;

    public ValueTask<BucketResponse> ReadAsync(BucketRequest request, CancellationToken cancellationToken)
    {
        var limit = limits.Take(Timeout.InfiniteTimeSpan);
        var gone = cancellationToken.UnsafeRegister(static waiting => ((CancellationTokenSource)waiting!).Cancel(), limit);
        var answer = AnswerAsync(request, limit.Token);
        if (!answer.IsCompletedSuccessfully)
        {
            return InTimeAsync(request, answer, limit, gone, cancellationToken);
        }

        // Answered from memory, as most reads are: no timer needed.
        gone.Dispose();
        limits.GiveBack(limit);
        return answer;
    }

    private async ValueTask<BucketResponse> InTimeAsync(
        BucketRequest request, ValueTask<BucketResponse> answer, CancellationTokenSource limit, CancellationTokenRegistration gone, CancellationToken cancellationToken)
    {
        try
        {
            limit.CancelAfter(options.AnswerTime);
            var answered = answer.AsTask();
            using (gone)
            {
                // However that ends, the read hears of it before the caller does, and stops.
                await ((Task)answered.WaitAsync(limit.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }

            if (answered.IsCompleted && !(answered.IsCanceled && limit.IsCancellationRequested))
            {
                return await answered;
            }

            cancellationToken.ThrowIfCancellationRequested();
            return metrics.Counted(BucketResponse.Uniform(request, Unavailable.StoreFailed));
        }
        finally
        {
            // A source that was cancelled may still be calling its listeners, so it is not reused.
            if (!limit.IsCancellationRequested)
            {
                limits.GiveBack(limit);
            }
        }
    }

    private async ValueTask<BucketResponse> AnswerAsync(BucketRequest request, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var remembered = heads.Current;
                var current = remembered ?? await heads.LoadAsync(heads.ClaimsNow(), cancellationToken);
                var outcomes = new Outcome[request.Operations.Count];
                if (remembered is not null && store.IsShared && HasSeenNewer(request, remembered))
                {
                    // The caller knows a newer version than this process: another one has written.
                    (remembered, current) = (null, await heads.LoadAsync(claim: false, cancellationToken));
                }

                for (var i = 0; i < outcomes.Length; i++)
                {
                    (outcomes[i], current) = await AnswerAsync(request.Operations[i], request.Caller, current, cancellationToken);
                }

                // A process that was paused meanwhile reads again.
                if (remembered is null || store.IsCurrent(remembered))
                {
                    return metrics.Counted(new BucketResponse(outcomes, options.ClockLeads(current, time)));
                }
            }
        }
        catch (StoreUnavailableException)
        {
            return metrics.Counted(BucketResponse.Uniform(request, Unavailable.StoreFailed));
        }
    }

    private static bool HasSeenNewer(BucketRequest request, BucketHeads remembered)
    {
        for (var i = 0; i < request.Operations.Count; i++)
        {
            if (ListAnswers.HasSeenNewer(request.Operations[i], remembered))
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>The outcome, and the heads after the read.</returns>
    private async ValueTask<(Outcome Outcome, BucketHeads Heads)> AnswerAsync(
        Operation operation, Caller caller, BucketHeads current, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var (outcome, version) = await reader.ReadAsync(operation, caller, current, Overlay.Empty, cancellationToken);
            if (version <= current.Version)
            {
                return (outcome, current);
            }

            // The snapshot is newer than these heads. It stands if the newer heads still let the caller see it
            // and still have the same lists with the same history. Otherwise read again.
            var before = current;
            current = await NewerHeadsAsync(version, cancellationToken);
            if (SameView(before, current))
            {
                return (outcome, current);
            }
        }

        // The snapshot never matched the known heads, so it is not shown.
        return (Unavailable.Overloaded, current);
    }

    // Every change of somebody's standing touches the bucket itself.
    private static bool SameView(BucketHeads a, BucketHeads b) =>
        a.Exists == b.Exists && string.Equals(a.Author, b.Author, StringComparison.Ordinal) && a.AuthorNumber == b.AuthorNumber && a.NextKey == b.NextKey
        && a.Base == b.Base && a[ListRef.Self].Touched == b[ListRef.Self].Touched && a.Lists.All(list => b[list.Key].Key == list.Value.Key && (list.Key == ListRef.Self || b[list.Key].Horizon == list.Value.Horizon) && Equals(b[list.Key].Acl, list.Value.Acl));

    /// <summary>
    /// Heads at least as new as a version that the store has shown. In this process the turn that made a commit publishes it,
    /// so waiting for the turn in flight is enough. If another process made it, the heads are loaded again.
    /// </summary>
    private async ValueTask<BucketHeads> NewerHeadsAsync(long version, CancellationToken cancellationToken)
    {
        await drained(cancellationToken);
        return heads.From(version) ?? await heads.LoadAsync(claim: false, cancellationToken);
    }
}
