using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// <c>/buckets</c>: what spans buckets, read from the store's index. It has no owner, so its stamp promises nothing to
/// pollers beyond "equal means the same".
/// </summary>
internal sealed class BucketList(KintoOptions options, IBuckets buckets, IBucketStore store)
{
    private const int MaxBuckets = 10_000;

    public KintoPlan Plan(KintoRequest request)
    {
        if (request.Method is "POST")
        {
            return Post(request);
        }

        if (KintoPreconditions.Read(request, PreconditionScope.List, out var precondition) is { } invalid)
        {
            return invalid;
        }

        var (parameters, error) = ListParameters.Read(request, options);
        return parameters is null
            ? error!
            : new KintoPlan.Task(cancellationToken => ExecuteAsync(request, parameters, precondition, cancellationToken));
    }

    private async ValueTask<KintoResponse> ExecuteAsync(
        KintoRequest request, ListParameters parameters, Precondition precondition, CancellationToken cancellationToken)
    {
        var entries = await store.ListByAuthorAsync(request.Principal!.Id, onlyLive: false, MaxBuckets, cancellationToken);
        var stamp = entries.Select(entry => entry.Record.Modified).DefaultIfEmpty().Max();
        var target = new KintoTarget(default, "", default, ListRef.Collections, Id: null, "/buckets");
        var failed = precondition.Failed(exists: true, stamp);
        if (failed != PreconditionTest.None)
        {
            var isNotModified = request.IsRead && failed is PreconditionTest.NoneMatch or PreconditionTest.MustNotExist;
            return KintoOutcomes.Render(
                isNotModified ? new NotModified(stamp) : new PreconditionFailed(Existing: null, stamp), request, target, fields: null, options);
        }

        var outcome = RecordSelection.Page(entries.Select(entry => entry.Record), parameters.Query, stamp);
        if (outcome is PageFound page)
        {
            if (request.Method is "HEAD")
            {
                outcome = new CountFound(entries.Count(entry => !entry.Record.IsTombstone && parameters.Query.Matches(entry.Record)), stamp);
            }
            else if (request.Method is "DELETE")
            {
                outcome = await DeleteAsync(request, entries, page, cancellationToken);
            }
        }

        var response = KintoOutcomes.Render(outcome, request, target, parameters.Fields, options);
        return ListPlans.NextOf(outcome) is { } next
            ? response.With("Next-Page", ListPlans.NextPage(request, target.Path, next))
            : response;
    }

    /// <summary>Each bucket goes by itself; a failure in between leaves the earlier ones deleted and is told.</summary>
    private async ValueTask<Outcome> DeleteAsync(
        KintoRequest request, IReadOnlyList<BucketEntry> entries, PageFound page, CancellationToken cancellationToken)
    {
        var tombstones = new List<StoredRecord>();
        foreach (var record in page.Records.Where(record => !record.IsTombstone))
        {
            var id = entries.First(entry => ReferenceEquals(entry.Record, record)).Id;
            var caller = new Caller(new(request.Principal!.Id), id.IsDefaultBucket ? BucketAccess.Own : BucketAccess.ByAcl);
            var response = await buckets.Get(id).ExecuteAsync(new BucketRequest(caller, [new DeleteRecord(ObjectRef.Bucket)]), cancellationToken);
            if (response.Outcomes[0] is Unavailable unavailable)
            {
                return unavailable;
            }

            if (response.Outcomes[0] is RecordDeleted deleted)
            {
                tombstones.Add(deleted.Tombstone with { Id = record.Id });
            }
        }

        var stamp = tombstones.Select(tombstone => tombstone.Modified).Append(page.ListStamp).Max();
        return new RecordsDeleted(tombstones, stamp, page.Next);
    }

    private KintoPlan Post(KintoRequest request)
    {
        if (KintoPreconditions.Read(request, PreconditionScope.Record, out var precondition) is { } invalid)
        {
            return invalid;
        }

        var (body, error) = KintoBody.Read(request, ListRole.Self, options);
        if (body is null)
        {
            return error!;
        }

        var data = body.Data ?? RecordData.Empty;
        var id = data.Id ?? IdGenerator.Next(ListRole.Self);
        if (!KintoIds.IsValid(id, options))
        {
            return KintoErrors.Invalid("path", null, "Invalid object id");
        }

        var operation = new CreateRecord(ObjectRef.Bucket, data.Body, ObjectPlans.Hint(data)) { Precondition = precondition };
        if (data.Id is null)
        {
            return new KintoPlan.Task(cancellationToken => CreateAsync(request, id, operation, cancellationToken));
        }

        var target = KintoPaths.Bucket(request.Principal!, id);
        return new KintoPlan.Call(target.Bucket, target.Caller, operation, outcome => KintoOutcomes.Render(outcome, request, target, fields: null, options));
    }

    /// <summary>Under this id, or if it is some bucket's another one: that bucket's owner says so and writes nothing.</summary>
    private async ValueTask<KintoResponse> CreateAsync(KintoRequest request, string id, CreateRecord operation, CancellationToken cancellationToken)
    {
        while (true)
        {
            var target = KintoPaths.Bucket(request.Principal!, id);
            var response = await buckets.Get(target.Bucket).ExecuteAsync(new BucketRequest(target.Caller, [operation]), cancellationToken);
            if (response.Outcomes[0] is not (RecordKept or Forbidden or PreconditionFailed { Existing: not null }))
            {
                return KintoOutcomes.Render(response.Outcomes[0], request, target, fields: null, options) with { SlowDown = response.ClockLeads };
            }

            id = IdGenerator.Next(ListRole.Self);
        }
    }
}
