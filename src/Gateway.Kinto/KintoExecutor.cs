using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// Carries out plans. Neighbouring parts of a batch for the same bucket share one request, and so one transaction. If such
/// a run was not executed, the later parts are not started: they may depend on it. No part depends on a long read that was refused.
/// </summary>
/// <remarks>
/// Before anything is loaded, room for its maximal size is taken. Its actual size stays charged until the answer has been sent. An answer that does
/// not fit is dropped if nothing was changed.
/// </remarks>
internal sealed partial class KintoExecutor(
    IBuckets buckets, AccountDirectory accounts, Admission admission, KintoOptions options, AnswerSizes sizes, TimeProvider time, ILogger<KintoExecutor> logger)
{
    public async ValueTask<KintoResponse> ExecuteAsync(KintoPlan plan, AnswerRoom room, CancellationToken cancellationToken)
    {
        switch (plan)
        {
            case KintoPlan.Answer answer:
                return answer.Response;
            case KintoPlan.Prepared prepared:
                return await ExecuteAsync(await PrepareAsync(prepared, cancellationToken), room, cancellationToken);
            case KintoPlan.Call call:
                if (!await room.PromiseAsync(sizes.Most(call.Operation), cancellationToken))
                {
                    return NoRoom;
                }

                var response = await room.ArrivalAsync(buckets.Get(call.Bucket).ExecuteAsync(new BucketRequest(call.Caller, [call.Operation]), cancellationToken), time);
                return Keep(call, Heard(call.Caller, response), room);
            case KintoPlan.Task task:
                return await room.PromiseAsync(task.Most, cancellationToken) ? await RunAsync(task, room.Who, cancellationToken) : NoRoom;
            default:
                throw new InvalidOperationException("Unknown plan.");
        }
    }

    /// <returns>One answer for each part, in order.</returns>
    public async ValueTask<KintoResponse[]> ExecuteAsync(BatchParts parts, AnswerRoom room, CancellationToken cancellationToken)
    {
        var responses = new KintoResponse[parts.Count];
        for (var next = 0; next < parts.Count;)
        {
            var first = next;
            switch (await PlanAsync(parts, next, cancellationToken))
            {
                case KintoPlan.Answer answer:
                    responses[next++] = answer.Response;
                    break;
                case KintoPlan.Task task:
                    responses[next++] = await RunAsync(task, room, cancellationToken);
                    if (task.ChangesAccounts)
                    {
                        parts.ForgetSignIns();
                    }

                    break;
                case KintoPlan.Call call:
                    var run = await RunOfAsync(parts, next, call, cancellationToken);
                    (await RunAsync(run, room, cancellationToken)).CopyTo(responses, next);
                    next += run.Count;
                    if (responses[first].Status == 401)
                    {
                        // The account was deleted meanwhile.
                        parts.ForgetSignIns();
                    }

                    break;
            }

            if (Array.Exists(responses[first..next], static response => response.Status is >= 500 and not StatusCodes.Status507InsufficientStorage && !response.LeavesNothingUndone))
            {
                for (; next < parts.Count; next++)
                {
                    responses[next] = AnswerOf(parts, next) ?? KintoErrors.Unavailable(
                        options.RetryAfter, "An earlier request of the batch was not executed, and so was not this one. Please retry later.");
                }
            }
        }

        return responses;
    }

    /// <summary>A part whose planning fails is answered with an error, for the same reason as a run: see <see cref="RunAsync(List{KintoPlan.Call}, AnswerRoom, CancellationToken)"/>.</summary>
    private async ValueTask<KintoPlan> PlanAsync(BatchParts parts, int index, CancellationToken cancellationToken)
    {
        try
        {
            return await parts.PlanAsync(index, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFault(e);
            return parts.Fail(index, KintoErrors.Internal);
        }
    }

    private async ValueTask<KintoPlan> PrepareAsync(KintoPlan.Prepared prepared, CancellationToken cancellationToken)
    {
        try
        {
            return await prepared.PrepareAsync(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            return KintoErrors.Unavailable(options.RetryAfter);
        }
    }

    private KintoResponse? AnswerOf(BatchParts parts, int index)
    {
        try
        {
            return parts.AnswerOf(index);
        }
        catch (Exception e)
        {
            LogFault(e);
            return KintoErrors.Internal;
        }
    }

    private KintoResponse NoRoom =>
        KintoErrors.Unavailable(options.RetryAfter, "There is no room for the answer now; nothing was done. Please retry later.");

    /// <summary>
    /// Collects the call and those right after it that the same owner can execute together. None of them changes a user's identity. A run without
    /// writes loads no more than the limit at a time; writes stay together. In a bucket that others may read, a count is never in a run with writes: an owner
    /// counts very many objects only outside a run with writes. Neither is a read that can take long. A read of an earlier state is never in a run with writes: the store has that state only after them.
    /// </summary>
    private async ValueTask<List<KintoPlan.Call>> RunOfAsync(BatchParts parts, int first, KintoPlan.Call call, CancellationToken cancellationToken)
    {
        var run = new List<KintoPlan.Call>(parts.Count - first) { call };
        var (writes, isApart, isLong) = (call.Operation.IsWrite, IsApartFromWrites(call), IsLong(call));
        while (first + run.Count < parts.Count
            && await PlanAsync(parts, first + run.Count, cancellationToken) is KintoPlan.Call same && same.Bucket == call.Bucket && same.Caller == call.Caller
            && !(same.Operation.IsWrite ? isApart : writes && IsApartFromWrites(same)) && !(isLong && IsLong(same)))
        {
            run.Add(same);
            (writes, isApart, isLong) = (writes || same.Operation.IsWrite, isApart || IsApartFromWrites(same), isLong || IsLong(same));
        }

        if (!writes)
        {
            var (count, most) = (0, 0L);
            while (count < run.Count && (count == 0 || most + sizes.Most(run[count].Operation) <= sizes.MostAtOnce))
            {
                most += sizes.Most(run[count++].Operation);
            }

            run.RemoveRange(count, run.Count - count);
        }

        return run;
    }

    private static bool IsApartFromWrites(KintoPlan.Call call) =>
        call.Operation is ReadAsOf || (call.Caller.Access == BucketAccess.ByAcl && (call.Operation is CountRecords || IsLong(call)));

    /// <summary>Whether it filters or sorts by fields. Only one such read in a run may take its time.</summary>
    private static bool IsLong(KintoPlan.Call call) => call.Operation switch
    {
        ListRecords list => list.Query.Fields.Count > 0 || list.Query.Order == ListOrder.Fields,
        CountRecords count => count.Query.Fields.Count > 0,
        _ => false,
    };

    /// <summary>A run that fails is answered with errors. Earlier runs stand, and their answers must not be lost with it.</summary>
    private async ValueTask<KintoResponse[]> RunAsync(List<KintoPlan.Call> run, AnswerRoom room, CancellationToken cancellationToken)
    {
        try
        {
            // Writes stay together, whatever their size. The promise for all of it might never be given beside what the batch already holds.
            if (!await room.PromiseAsync(Math.Min(run.Sum(part => sizes.Most(part.Operation)), sizes.MostAtOnce), cancellationToken))
            {
                return [.. run.Select(_ => NoRoom)];
            }

            var request = new BucketRequest(run[0].Caller, [.. run.Select(static part => part.Operation)]);
            var response = Heard(request.Caller, await room.ArrivalAsync(buckets.Get(run[0].Bucket).ExecuteAsync(request, cancellationToken), time));
            KintoResponse[] rendered = [.. run.Select((call, index) => Render(call, response, index))];
            if (!room.TryKeep(rendered.Sum(static part => part.Size)))
            {
                for (var i = 0; i < rendered.Length; i++)
                {
                    rendered[i] = AnswerSizes.IsChange(response.Outcomes[i]) ? rendered[i] : NoRoom;
                }

                room.Keep(rendered.Sum(static part => part.Size));
            }

            return rendered;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            room.Lapse();
            LogFault(e);
            return [.. run.Select(_ => KintoErrors.Internal)];
        }
    }

    private KintoResponse Keep(KintoPlan.Call call, BucketResponse response, AnswerRoom room)
    {
        var rendered = Render(call, response, 0);
        if (room.TryKeep(rendered.Size))
        {
            return rendered;
        }

        if (!AnswerSizes.IsChange(response.Outcomes[0]))
        {
            return NoRoom;
        }

        room.Keep(rendered.Size);
        return rendered;
    }

    /// <summary>Learns from an owner's answer that the caller's account is closed.</summary>
    private BucketResponse Heard(Caller caller, BucketResponse response)
    {
        if (response.Outcomes[0] is AccountClosed)
        {
            accounts.Forget(caller);
        }

        return response;
    }

    [LoggerMessage(3, LogLevel.Error, "A request, or a part of a batch, failed and was answered 500. The exception says why: a fault in the program, which should be reported, or a stop that cut the request off.")]
    private partial void LogFault(Exception exception);

    private static KintoResponse Render(KintoPlan.Call call, BucketResponse response, int index)
    {
        var rendered = call.Render(response.Outcomes[index]);
        rendered = IsLong(call) && response.Outcomes[index] is Unavailable { Reason: UnavailableReason.Overloaded } ? rendered with { LeavesNothingUndone = true } : rendered;
        return response.ClockLeads ? rendered with { SlowDown = true } : rendered;
    }

    private async ValueTask<KintoResponse> RunAsync(KintoPlan.Task task, string who, CancellationToken cancellationToken)
    {
        try
        {
            if (!task.SpansBuckets)
            {
                return await task.Run(cancellationToken);
            }

            using var place = await admission.TrySpanAsync(who, cancellationToken);
            return place is null
                ? KintoErrors.Unavailable(options.RetryAfter, "Too many of your lists of buckets or permissions are being read; nothing was done. Please retry later.") with { LeavesNothingUndone = !task.Changes }
                : await task.Run(cancellationToken);
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

    /// <summary>Runs a task that is part of a batch.</summary>
    private async ValueTask<KintoResponse> RunAsync(KintoPlan.Task task, AnswerRoom room, CancellationToken cancellationToken)
    {
        if (!await room.PromiseAsync(task.Most, cancellationToken))
        {
            return NoRoom;
        }

        var response = await RunAsync(task, room.Who, cancellationToken);
        if (room.TryKeep(response.Size))
        {
            return response;
        }

        if (!task.Changes)
        {
            return NoRoom;
        }

        room.Keep(response.Size);
        return response;
    }
}
