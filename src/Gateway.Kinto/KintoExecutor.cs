using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// Carries plans out. Neighbours in a batch that go to the same bucket share one request and so one transaction; when such
/// a run was not executed, what follows is not begun: it may rest on what was not written.
/// </summary>
internal sealed partial class KintoExecutor(KintoRouter router, IBuckets buckets, KintoOptions options, ILogger<KintoExecutor> logger)
{
    public async ValueTask<KintoResponse> ExecuteAsync(KintoRequest request, CancellationToken cancellationToken)
    {
        switch (router.Plan(request))
        {
            case KintoPlan.Answer answer:
                return answer.Response;
            case KintoPlan.Call call:
                var response = await buckets.Get(call.Bucket).ExecuteAsync(new BucketRequest(call.Caller, [call.Operation]), cancellationToken);
                return Render(call, response, 0);
            case KintoPlan.Task task:
                return await RunAsync(task, cancellationToken);
            default:
                throw new InvalidOperationException("Unknown plan.");
        }
    }

    /// <returns>One answer a request, in order.</returns>
    public async ValueTask<KintoResponse[]> ExecuteAsync(IReadOnlyList<KintoRequest> requests, CancellationToken cancellationToken)
    {
        var plans = requests.Select(router.Plan).ToArray();
        var responses = new KintoResponse[plans.Length];
        for (var next = 0; next < plans.Length;)
        {
            var first = next;
            switch (plans[next])
            {
                case KintoPlan.Answer answer:
                    responses[next++] = answer.Response;
                    continue;
                case KintoPlan.Task task:
                    responses[next++] = await RunAsync(task, cancellationToken);
                    break;
                case KintoPlan.Call call:
                    var run = plans.Skip(first).TakeWhile(plan => plan is KintoPlan.Call same && same.Bucket == call.Bucket && same.Caller == call.Caller)
                        .Cast<KintoPlan.Call>().ToArray();
                    var request = new BucketRequest(call.Caller, [.. run.Select(part => part.Operation)]);
                    (await RunAsync(run, request, cancellationToken)).CopyTo(responses, next);
                    next += run.Length;
                    break;
            }

            if (Array.Exists(responses[first..next], response => response.Status >= 500))
            {
                for (; next < plans.Length; next++)
                {
                    responses[next] = plans[next] is KintoPlan.Answer answer ? answer.Response : KintoErrors.Unavailable(
                        options.RetryAfter, "An earlier request of the batch was not executed, and so was not this one. Please retry later.");
                }
            }
        }

        return responses;
    }

    /// <summary>A run that breaks is told as broken; what ran before it stands, and its answers must not be lost with it.</summary>
    private async ValueTask<KintoResponse[]> RunAsync(KintoPlan.Call[] run, BucketRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await buckets.Get(run[0].Bucket).ExecuteAsync(request, cancellationToken);
            return [.. run.Select((call, index) => Render(call, response, index))];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFault(e);
            return [.. run.Select(_ => KintoErrors.Internal)];
        }
    }

    [LoggerMessage(3, LogLevel.Error, "A request, or a part of a batch, failed.")]
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
