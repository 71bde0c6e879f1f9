using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// Carries plans out. Neighbours in a batch that go to the same bucket share one request and so one transaction; when such
/// a run was not executed, what follows is not begun: it may rest on what was not written.
/// </summary>
internal sealed partial class KintoExecutor(IBuckets buckets, AccountDirectory accounts, KintoOptions options, ILogger<KintoExecutor> logger)
{
    public async ValueTask<KintoResponse> ExecuteAsync(KintoPlan plan, CancellationToken cancellationToken)
    {
        switch (plan)
        {
            case KintoPlan.Answer answer:
                return answer.Response;
            case KintoPlan.Call call:
                return Render(call, await AskAsync(call.Bucket, new BucketRequest(call.Caller, [call.Operation]), cancellationToken), 0);
            case KintoPlan.Task task:
                return await RunAsync(task, cancellationToken);
            default:
                throw new InvalidOperationException("Unknown plan.");
        }
    }

    /// <returns>One answer a part, in order.</returns>
    public async ValueTask<KintoResponse[]> ExecuteAsync(BatchParts parts, CancellationToken cancellationToken)
    {
        var responses = new KintoResponse[parts.Count];
        for (var next = 0; next < parts.Count;)
        {
            var first = next;
            switch (await parts.PlanAsync(next, cancellationToken))
            {
                case KintoPlan.Answer answer:
                    responses[next++] = answer.Response;
                    break;
                case KintoPlan.Task task:
                    responses[next++] = await RunAsync(task, cancellationToken);
                    if (task.ChangesAccounts)
                    {
                        parts.ForgetSignIns();
                    }

                    break;
                case KintoPlan.Call call:
                    var run = await RunOfAsync(parts, next, call, cancellationToken);
                    var request = new BucketRequest(call.Caller, [.. run.Select(part => part.Operation)]);
                    (await RunAsync(run, request, cancellationToken)).CopyTo(responses, next);
                    next += run.Count;
                    if (responses[first].Status == 401)
                    {
                        // The account was closed meanwhile.
                        parts.ForgetSignIns();
                    }

                    break;
            }

            if (Array.Exists(responses[first..next], response => response.Status >= 500))
            {
                for (; next < parts.Count; next++)
                {
                    responses[next] = parts.AnswerOf(next) ?? KintoErrors.Unavailable(
                        options.RetryAfter, "An earlier request of the batch was not executed, and so was not this one. Please retry later.");
                }
            }
        }

        return responses;
    }

    /// <summary>The call and those right behind it that the same owner can take with it. None of them changes who anybody is.</summary>
    private static async ValueTask<List<KintoPlan.Call>> RunOfAsync(
        BatchParts parts, int first, KintoPlan.Call call, CancellationToken cancellationToken)
    {
        var run = new List<KintoPlan.Call> { call };
        while (first + run.Count < parts.Count
            && await parts.PlanAsync(first + run.Count, cancellationToken) is KintoPlan.Call same && same.Bucket == call.Bucket && same.Caller == call.Caller)
        {
            run.Add(same);
        }

        return run;
    }

    /// <summary>A run that breaks is told as broken; what ran before it stands, and its answers must not be lost with it.</summary>
    private async ValueTask<KintoResponse[]> RunAsync(List<KintoPlan.Call> run, BucketRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await AskAsync(run[0].Bucket, request, cancellationToken);
            return [.. run.Select((call, index) => Render(call, response, index))];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFault(e);
            return [.. run.Select(_ => KintoErrors.Internal)];
        }
    }

    private async ValueTask<BucketResponse> AskAsync(BucketId bucket, BucketRequest request, CancellationToken cancellationToken)
    {
        var response = await buckets.Get(bucket).ExecuteAsync(request, cancellationToken);
        if (response.Outcomes[0] is AccountClosed)
        {
            accounts.Forget(request.Caller);
        }

        return response;
    }

    [LoggerMessage(3, LogLevel.Error, "A request, or a part of a batch, failed and was answered 500. The exception says why: a fault in the program, which should be reported, or a stop that cut the request off.")]
    private partial void LogFault(Exception exception);

    private static KintoResponse Render(KintoPlan.Call call, BucketResponse response, int index)
    {
        var rendered = call.Render(response.Outcomes[index]);
        return response.ClockLeads ? rendered with { SlowDown = true } : rendered;
    }

    private async ValueTask<KintoResponse> RunAsync(KintoPlan.Task task, CancellationToken cancellationToken)
    {
        try
        {
            return await task.Run(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            return KintoErrors.Unavailable(options.RetryAfter);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFault(e);
            return KintoErrors.Internal;
        }
    }
}
