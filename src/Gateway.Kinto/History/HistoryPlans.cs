using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto.History;

/// <summary>A bucket's history, earlier states of collections, and their restoration.</summary>
/// <remarks>Kinto: docs/api/1.x/history.rst. Restoration is this server's own.</remarks>
internal sealed class HistoryPlans(KintoOptions options, AnswerSizes sizes, ListPlans lists, IBuckets buckets, HttpOptions http)
{
    public KintoPlan Page(KintoRequest request, KintoTarget bucket) => Refuse(request) ?? lists.Page(Typed(request), bucket.History());

    public KintoPlan Count(KintoRequest request, KintoTarget bucket) => Refuse(request) ?? lists.Count(Typed(request), bucket.History());

    public KintoPlan Delete(KintoRequest request, KintoTarget bucket) => Refuse(request) ?? lists.Delete(Typed(request), bucket.History());

    /// <summary>An earlier state of a collection's records. On one page the newest come first, as in Kinto; several pages are in order of ids.</summary>
    public KintoPlan Snapshot(KintoRequest request)
    {
        if (Locate(request, out var target, out var at) is { } error)
        {
            return error;
        }

        var (parameters, invalid) = ListParameters.Read(request, options);
        if (parameters is null)
        {
            return invalid!;
        }

        var query = parameters.Query;
        if (query.Fields.Count > 0 || query.Sort.Count > 0 || query.ShowsTombstones || query.Deleted is not null || query.ExcludedIds is not null || query.Ids is { Count: not 1 })
        {
            return KintoErrors.Invalid("querystring", null, "A snapshot takes _limit, _token, _fields and one id");
        }

        // Kinto has no pages of it, and kinto.js asks once. So the maximal page length only applies where pages are requested.
        var asksForPages = request.Query.Pairs.Any(static pair => pair.Key is "_limit" or "_token");
        var read = new ReadAsOf(target!.List, at) { AfterId = query.Cursor?.Id, Id = query.Ids?[0], Limit = asksForPages ? query.Limit : int.MaxValue, MaxBytes = query.MaxBytes };
        return new KintoPlan.Call(target.Bucket, target.Caller, read, outcome =>
        {
            if (outcome is PageFound { Next: not null } && !asksForPages)
            {
                // Clients would take it for the whole.
                return KintoErrors.Invalid("querystring", "_limit", "The snapshot has more than fits into one answer. Give _limit, and follow Next-Page");
            }

            if (outcome is PageFound { Next: null } page && read.AfterId is null)
            {
                outcome = page with { Records = [.. page.Records.OrderByDescending(static record => record.Modified)] };
            }

            var response = KintoOutcomes.Render(outcome, request, target, parameters.Fields, options);
            return outcome is PageFound { Next: { } next } ? ListPlans.WithNextPage(response, request, $"/buckets/{target.BucketName}/snapshot/collections/{target.List.Name}@{at}", next, http) : response;
        });
    }

    /// <summary>
    /// Restores a collection's records to an earlier state, by changes that devices get like any other. Each turn restores a number of them. Others can
    /// write meanwhile. If it ends early, the restored records stay restored.
    /// </summary>
    public KintoPlan Restore(KintoRequest request)
    {
        if (Locate(request, out var target, out var at) is { } error)
        {
            return error;
        }

        return request.Query.Pairs.FirstOrDefault(static pair => pair.Key is not "id" && !pair.Key.StartsWith('_')).Key is { } unknown
            ? KintoErrors.Invalid("querystring", unknown, "To restore takes an id, or nothing")
            : !request.Query.TryGetOnly("id", out var id) ? KintoErrors.GivenTwice("id")
            : new KintoPlan.Task(cancellationToken => RestoreAsync(request, target!, at, id, cancellationToken)) { Most = sizes.Most(Step(target!, at, id, after: null)), Changes = true };
    }

    /// <summary>Restores the records of one turn.</summary>
    private ReadAsOf Step(KintoTarget target, ServerTimestamp at, string? id, string? after) =>
        new(target.List, at) { OnlyChanged = true, AfterId = after, Id = id, Limit = options.History.RestoredAtOnce, MaxBytes = options.MaxPageBytes / 2 };

    private async ValueTask<KintoResponse> RestoreAsync(KintoRequest request, KintoTarget target, ServerTimestamp at, string? id, CancellationToken cancellationToken)
    {
        var bucket = buckets.Get(target.Bucket);
        var (restored, deleted, turns, stamp) = (0, 0, 0, ServerTimestamp.Zero);
        for (string? after = null; ;)
        {
            // :: Step 1: find the records that differ now.
            var outcome = (await bucket.ExecuteAsync(new BucketRequest(target.Caller, [Step(target, at, id, after)]), cancellationToken)).Outcomes[0];
            if (outcome is not PageFound page)
            {
                return Ended(outcome);
            }

            // :: Step 2: restore them.
            if (page.Records.Count > 0)
            {
                var operations = page.Records.Select(record => record.IsTombstone
                    ? (Operation)new DeleteRecord(new ObjectRef(target.List, record.Id))
                    : new PutRecord(new ObjectRef(target.List, record.Id), record.Body) { IsRestored = true });
                var written = (await bucket.ExecuteAsync(new BucketRequest(target.Caller, [.. operations]), cancellationToken)).Outcomes;
                turns++;
                restored += written.Count(static done => done is RecordWritten);
                deleted += written.Count(static done => done is RecordDeleted);
                stamp = written.Select(static done => done switch
                {
                    RecordWritten put => put.Record.Modified,
                    RecordDeleted gone => gone.Tombstone.Modified,
                    _ => ServerTimestamp.Zero,
                }).Append(stamp).Max();
                if (written.FirstOrDefault(static done => done is not (RecordWritten or RecordDeleted or Missing)) is { } refused)
                {
                    return Ended(refused);
                }
            }

            if (page.Next is null)
            {
                return Told();
            }

            after = page.Next.Id;
        }

        // Report what was done so far. A client that asks again gets the error for the rest, and goes on there.
        KintoResponse Ended(Outcome why) => restored + deleted == 0
            ? KintoOutcomes.Render(why, request, target, fields: null, options)
            : KintoErrors.Unavailable(options.RetryAfter, $"{restored} records were restored and {deleted} deleted, then the rest was refused. Ask again to go on, or to hear why.");

        KintoResponse Told() => new(200)
        {
            Stamp = stamp == ServerTimestamp.Zero ? null : stamp,
            Body = output =>
            {
                using var json = new Utf8JsonWriter(output);
                json.WriteStartObject();
                json.WriteStartObject("data");
                json.WriteNumber("restored", restored);
                json.WriteNumber("deleted", deleted);
                json.WriteNumber("turns", turns);
                json.WriteBoolean("atomic", turns <= 1);
                json.WriteEndObject();
                json.WriteEndObject();
            },
        };
    }

    /// <summary>Reads the path, which ends with <c>{collection}@{stamp}</c>.</summary>
    private KintoResponse? Locate(KintoRequest request, out KintoTarget? target, out ServerTimestamp at)
    {
        (target, at) = (null, default);
        var (bucket, snapshot) = (request.Values["bucket"], request.Values["snapshot"]);
        if (request.Principal is null && bucket is KintoTarget.Default)
        {
            return KintoErrors.Unauthorized;
        }

        var split = snapshot.LastIndexOf('@');
        if (split < 0)
        {
            return KintoErrors.NotFound;
        }

        if (!KintoIds.IsValid(bucket, options) || !KintoIds.IsValid(snapshot[..split], options))
        {
            return KintoErrors.Invalid("path", null, "Invalid object id");
        }

        if (!StampText.TryParse(snapshot.AsSpan(split + 1), out at))
        {
            return KintoErrors.Invalid("path", "timestamp", $"Invalid timestamp '{snapshot[(split + 1)..]}'");
        }

        target = KintoTarget.OfBucket(request.Principal, bucket).Records(snapshot[..split]);
        return null;
    }

    /// <returns>The error for a filter or an order by a field that no entry has; otherwise null.</returns>
    private static KintoResponse? Refuse(KintoRequest request)
    {
        foreach (var (name, value) in request.Query.Pairs)
        {
            if (name is "_sort")
            {
                foreach (var field in value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                {
                    if (!HistoryForm.HasField(Root(field.TrimStart('+', '-').Trim())))
                    {
                        return KintoErrors.Invalid("querystring", "_sort", $"Unknown sort field '{field}'");
                    }
                }
            }
            else if (!name.StartsWith('_') && name is not "deleted" && !HistoryForm.HasField(Root(FieldFilterParameter.PathOf(name))))
            {
                return KintoErrors.Invalid("querystring", name, $"Unknown filter field '{name}'");
            }
        }

        return null;
    }

    /// <summary>Treats ids and names that look like numbers as texts: only fields of the target are numbers.</summary>
    private static KintoRequest Typed(KintoRequest request)
    {
        if (!request.Query.Pairs.Any(static pair => IsText(pair.Key) && pair.Value.AsSpan().ContainsAnyInRange('0', '9')))
        {
            return request;
        }

        return request with
        {
            Query = request.Query.With(static (name, value) => !IsText(name) ? value : string.Join(',', value.Split(',').Select(static one =>
                StampText.IsInteger(one) ? $"\"{one}\"" : one))),
        };

        static bool IsText(string name) => FieldFilterParameter.PathOf(name) is
            "bucket_id" or "collection_id" or "group_id" or "record_id" or "user_id";
    }

    private static string Root(string path) => path.IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot ? path[..dot] : path;
}
