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
/// <item>What rests on remembered heads goes out only while these count: looked at when the answer is begun and when it is
/// released.</item>
/// <item>Every answer is there within <see cref="BucketOptions.AnswerTime"/>.</item>
/// </list>
/// A read in the same request as a write takes its turn with it, and does not come here. <c>drained</c> ends when the turns of
/// all requests that have queued have ended.
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

        // Out of memory, as most are: they need no timer.
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
                // However that ends, the read has heard of it before the caller does, and does not go on.
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
            // One that has ended may still be telling those who look at it, and is left to them.
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
                if (remembered is not null && store.IsShared && request.Operations.Any(operation => ListAnswers.HasSeenNewer(operation, remembered)))
                {
                    // The caller knows more than this process: another one has written.
                    (remembered, current) = (null, await heads.LoadAsync(claim: false, cancellationToken));
                }

                for (var i = 0; i < outcomes.Length; i++)
                {
                    (outcomes[i], current) = await AnswerAsync(request.Operations[i], request.Caller, current, cancellationToken);
                }

                // A process that was stopped meanwhile asks again.
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

    /// <returns>The outcome, and the heads as the read left them.</returns>
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

    // Whenever somebody's standing changes, the bucket itself is touched.
    private static bool SameView(BucketHeads a, BucketHeads b) =>
        a.Exists == b.Exists && string.Equals(a.Author, b.Author, StringComparison.Ordinal) && a.AuthorNumber == b.AuthorNumber && a.NextKey == b.NextKey
        && a.Base == b.Base && a[ListRef.Self].Touched == b[ListRef.Self].Touched && a.Lists.All(list => b[list.Key].Key == list.Value.Key && (list.Key == ListRef.Self || b[list.Key].Horizon == list.Value.Horizon) && Equals(b[list.Key].Acl, list.Value.Acl));

    /// <summary>
    /// Heads at least as new as a version that the store has shown. In this process a commit is published by the turn that
    /// made it, so it is enough to let the turn in flight end; if another process made it, the heads are loaded again.
    /// </summary>
    private async ValueTask<BucketHeads> NewerHeadsAsync(long version, CancellationToken cancellationToken)
    {
        await drained(cancellationToken);
        return heads.From(version) ?? await heads.LoadAsync(claim: false, cancellationToken);
    }
}
