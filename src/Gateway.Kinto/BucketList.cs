using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// <c>/buckets</c>: what spans buckets, read from the store's index. It has no owner, so its stamp promises nothing to
/// pollers beyond "equal means the same".
/// </summary>
internal sealed class BucketList(KintoOptions options, ListPlans lists, IBuckets buckets, IBucketStore store)
{
    private const int MaxBuckets = 10_000;

    private static readonly KintoTarget All = new(default, "", default, ListRef.Collections, Id: null, "/buckets");

    public KintoPlan Page(KintoRequest request) => Read(request, lists.Page(request, All));

    public KintoPlan Count(KintoRequest request) => Read(request, lists.Count(request, All));

    public KintoPlan Delete(KintoRequest request)
    {
        if (KintoPreconditions.Read(request, PreconditionScope.List, out var precondition) is { } invalid)
        {
            return invalid;
        }

        var (parameters, error) = ListParameters.Read(request, options);
        return parameters is null
            ? error!
            : new KintoPlan.Task(cancellationToken => DeleteAsync(request, parameters, precondition, cancellationToken));
    }

    private KintoPlan Read(KintoRequest request, KintoPlan plan) => plan is not KintoPlan.Call call ? plan : new KintoPlan.Task(async cancellationToken =>
    {
        var (entries, stamp) = await ListAsync(request, cancellationToken);
        return call.Render(InMemoryRecords.ReadList(call.Operation, [.. entries.Select(entry => entry.Record)], stamp));
    });

    private async ValueTask<(IReadOnlyList<BucketEntry> Entries, ServerTimestamp Stamp)> ListAsync(KintoRequest request, CancellationToken cancellationToken)
    {
        var entries = await store.ListByAuthorAsync(request.Principal!.Id, onlyLive: false, MaxBuckets, cancellationToken);
        return (entries, entries.Select(entry => entry.Record.Modified).DefaultIfEmpty().Max());
    }

    private async ValueTask<KintoResponse> DeleteAsync(
        KintoRequest request, ListParameters parameters, Precondition precondition, CancellationToken cancellationToken)
    {
        var (entries, stamp) = await ListAsync(request, cancellationToken);
        var outcome = !precondition.Holds(exists: true, stamp)
            ? new PreconditionFailed(Existing: null, stamp)
            : RecordSelection.Page(entries.Select(entry => entry.Record), parameters.Query, stamp);
        if (outcome is PageFound page)
        {
            outcome = await DeleteAsync(request, entries, page, cancellationToken);
        }

        var response = KintoOutcomes.Render(outcome, request, All, parameters.Fields, options);
        return ListPlans.NextOf(outcome) is { } next
            ? response.With("Next-Page", ListPlans.NextPage(request, All.Path, next))
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
            var response = await buckets.Get(id).ExecuteAsync(new BucketRequest(Callers.Of(request.Principal!, id), [new DeleteRecord(ObjectRef.Bucket)]), cancellationToken);
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

    public KintoPlan Create(KintoRequest request)
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

        var target = KintoTarget.OfBucket(request.Principal!, id);
        return new KintoPlan.Call(target.Bucket, target.Caller, operation, outcome => KintoOutcomes.Render(outcome, request, target, fields: null, options));
    }

    /// <summary>Under this id, or if it is some bucket's another one: that bucket's owner says so and writes nothing.</summary>
    private async ValueTask<KintoResponse> CreateAsync(KintoRequest request, string id, CreateRecord operation, CancellationToken cancellationToken)
    {
        while (true)
        {
            var target = KintoTarget.OfBucket(request.Principal!, id);
            var response = await buckets.Get(target.Bucket).ExecuteAsync(new BucketRequest(target.Caller, [operation]), cancellationToken);
            if (response.Outcomes[0] is not (RecordKept or Forbidden or PreconditionFailed { Existing: not null }))
            {
                return KintoOutcomes.Render(response.Outcomes[0], request, target, fields: null, options) with { SlowDown = response.ClockLeads };
            }

            id = IdGenerator.Next(ListRole.Self);
        }
    }
}
