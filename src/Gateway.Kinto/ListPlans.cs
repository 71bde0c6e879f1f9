using System.Globalization;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>GET, HEAD, POST and DELETE of a bucket's collections or a collection's records.</summary>
internal sealed class ListPlans(KintoOptions options, IBuckets buckets, HttpOptions http, AccessBodies access, CacheRules caching)
{
    /// <summary>Records that one turn deletes. This much of a longer deletion is atomic.</summary>
    private const int DeletedAtOnce = 2_000;

    // The approximate size of a tombstone.
    private const int TombstoneBytes = 256;

    // The tombstones that all running deletions have collected for their answers.
    private readonly SharedBudget gathered = new(Math.Max(1, http.MaxAnswerBytes / 2));

    public KintoPlan Page(KintoRequest request, KintoTarget target) => Plan(request, (parameters, precondition) =>
        caching.Plan(request, target, Call(request, target, parameters, new ListRecords(target.List, parameters.Query) { Precondition = precondition })));

    public KintoPlan Count(KintoRequest request, KintoTarget target) => Plan(request, (parameters, precondition) =>
        caching.Plan(request, target, Call(request, target, parameters, new CountRecords(target.List, parameters.Query) { Precondition = precondition })));

    public KintoPlan Delete(KintoRequest request, KintoTarget target) => Plan(request, (parameters, precondition) =>
        new KintoPlan.Task(cancellationToken => DeleteAsync(request, target, parameters, precondition, cancellationToken)));

    private KintoPlan Plan(KintoRequest request, Func<ListParameters, Precondition, KintoPlan> plan)
    {
        if (KintoPreconditions.Read(request, PreconditionScope.List, out var precondition) is { } invalid)
        {
            return invalid;
        }

        var (parameters, error) = ListParameters.Read(request, options);
        return parameters is null ? error! : plan(parameters, precondition);
    }

    /// <summary>
    /// Adds the URL of the next page: the same query with another token. The query in the URL can be longer than the query received, and too long to be sent. In that case a read
    /// is refused from its first page on.
    /// </summary>
    /// <param name="response">A page, or the deleted objects.</param>
    /// <param name="request">The request.</param>
    /// <param name="path">The path of the list.</param>
    /// <param name="next">The begin of the next page.</param>
    /// <param name="http">The settings, with the maximal length of a URL.</param>
    public static KintoResponse WithNextPage(KintoResponse response, KintoRequest request, string path, PageCursor next, HttpOptions http)
    {
        var url = NextPage(request, path, next);
        return request.IsRead && KintoProtocol.Prefix.Length + url.Length - request.BaseUrl.Length > http.MaxHeaderBytes
            ? KintoErrors.Invalid("querystring", null, $"The query is too long for a second page: the URL of that would have over {http.MaxHeaderBytes} bytes.")
            : response.With("Next-Page", url);
    }

    private static string NextPage(KintoRequest request, string path, PageCursor next)
    {
        var query = request.Query.Pairs.Where(pair => pair.Key is not "_token")
            .Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}")
            .Append($"_token={PageToken.Write(next)}");
        return $"{request.BaseUrl}{path}?{string.Join('&', query)}";
    }

    /// <summary>The position where a list continues; null if it does not.</summary>
    public static PageCursor? NextOf(Outcome outcome) => outcome switch
    {
        PageFound page => page.Next,
        RecordsDeleted deleted => deleted.Next,
        _ => null,
    };

    /// <summary>Adds the total to a page where that costs nothing: if the owner reported it, or the page has all objects.</summary>
    public static KintoResponse Counted(KintoResponse response, Outcome outcome, ListQuery query) =>
        outcome is PageFound page && !query.ShowsTombstones
            && (page.Total ?? (page.Next is null && query.Cursor is null ? page.Records.Count : (long?)null)) is { } total
            ? KintoOutcomes.WithTotal(response, total)
            : response;

    public KintoPlan Create(KintoRequest request, KintoTarget target)
    {
        if (KintoPreconditions.Read(request, PreconditionScope.Record, out var precondition) is { } invalid)
        {
            return invalid;
        }

        var (body, error) = KintoBody.Read(request, target.List.Role, options);
        if (body is null)
        {
            return error!;
        }

        var data = body.Data ?? RecordData.Empty;
        data = target.List.Role == ListRole.Groups && body.Data is not null ? KintoBody.WithMembers(data) : data;
        var id = data.Id ?? IdGenerator.Next(target.List.Role);
        if (!KintoIds.IsValid(id, options))
        {
            return KintoErrors.Invalid("path", null, "Invalid object id");
        }

        var operation = new CreateRecord(new ObjectRef(target.List, id), data.Body, ObjectPlans.Hint(data))
        {
            Precondition = precondition,
            HasGeneratedId = data.Id is null,
        };
        return access.Plan(request, target, operation.Target, AccessBodies.OfPut(body, target.List.Role), change => new KintoPlan.Call(
            target.Bucket,
            target.Caller,
            change is null ? operation : operation with { Access = change },
            outcome => KintoOutcomes.Render(outcome, request, target, fields: null, options)));
    }

    private KintoPlan.Call Call(KintoRequest request, KintoTarget target, ListParameters parameters, Operation operation) =>
        new(target.Bucket, target.Caller, operation, outcome => Render(outcome, request, target, parameters));

    private KintoResponse Render(Outcome outcome, KintoRequest request, KintoTarget target, ListParameters parameters)
    {
        var response = Counted(KintoOutcomes.Render(outcome, request, target, parameters.Fields, options), outcome, parameters.Query);
        if (NextOf(outcome) is { } next)
        {
            response = WithNextPage(response, request, target.Path, next, http);
        }

        return parameters.UsesDeprecatedTo
            ? response.With("Alert", """{"code":"soft-eol","message":"_to is now deprecated, you should use _before instead","url":"https://docs.kinto-storage.org/"}""")
            : response;
    }

    /// <summary>
    /// With <c>_limit</c>, deletes in one step in the order of <c>_sort</c>, or with filters on fields in as many steps as it takes to find that number. Without it, continues until nothing is left that existed at
    /// the first step. The precondition applies to the first step. If a later step fails, the answer says so, and earlier deletions stand. The same applies
    /// if there is no room for the collected tombstones.
    /// </summary>
    private async ValueTask<KintoResponse> DeleteAsync(
        KintoRequest request, KintoTarget target, ListParameters parameters, Precondition precondition, CancellationToken cancellationToken)
    {
        var (user, held) = (request.Who, 0L);
        try
        {
            return await DeleteAsync(
                request,
                target,
                parameters,
                precondition,
                count =>
                {
                    if (!gathered.TryTake(user, TombstoneBytes * (long)count))
                    {
                        return false;
                    }

                    held += TombstoneBytes * (long)count;
                    return true;
                },
                cancellationToken);
        }
        finally
        {
            gathered.Release(user, held);
        }
    }

    private async ValueTask<KintoResponse> DeleteAsync(
        KintoRequest request, KintoTarget target, ListParameters parameters, Precondition precondition, Func<int, bool> hasRoom, CancellationToken cancellationToken)
    {
        var bucket = buckets.Get(target.Bucket);
        var query = parameters.Query with
        {
            Limit = parameters.HasLimit ? parameters.Query.Limit : DeletedAtOnce,
        };
        if (query.Order == ListOrder.Fields && !parameters.HasLimit)
        {
            if (query.Cursor is not null)
            {
                return KintoErrors.Invalid("querystring", "_token", "_token of a _sort by fields needs a _limit here");
            }

            // Everything is deleted, so the order does not matter; in the given one each step would read the whole list.
            query = query with { Sort = [] };
        }

        var tombstones = new List<StoredRecord>();
        while (true)
        {
            var operation = new DeleteRecords(target.List, query) { Precondition = tombstones.Count == 0 ? precondition : Precondition.None };
            var outcome = (await bucket.ExecuteAsync(new BucketRequest(target.Caller, [operation]), cancellationToken)).Outcomes[0];
            if (outcome is not RecordsDeleted deleted)
            {
                // A client that retries learns why the rest was refused.
                var then = outcome is Unavailable ? "the storage was not available" : "the rest was refused";
                return tombstones.Count == 0
                    ? Render(outcome, request, target, parameters)
                    : KintoErrors.Unavailable(options.RetryAfter, string.Create(
                        CultureInfo.InvariantCulture, $"{tombstones.Count} objects were deleted, then {then}. Please retry later."));
            }

            tombstones.AddRange(deleted.Tombstones);

            // A step that searched fields may have ended before it found enough.
            var left = parameters.Query.Limit - tombstones.Count;
            if (deleted.Next is null || (parameters.HasLimit && (query.Fields.Count == 0 || left <= 0)))
            {
                return Render(deleted with { Tombstones = tombstones }, request, target, parameters);
            }

            // This can be everything that a user has.
            if (!hasRoom(deleted.Tombstones.Count))
            {
                return KintoErrors.Unavailable(options.RetryAfter, string.Create(
                    CultureInfo.InvariantCulture, $"{tombstones.Count} objects were deleted, then there was no room for the answer. Please retry later."));
            }

            query = query with { Cursor = deleted.Next, Limit = parameters.HasLimit ? left : DeletedAtOnce };
        }
    }
}
