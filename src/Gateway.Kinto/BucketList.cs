using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// <c>/buckets</c>: what spans buckets. A page of ids and stamps comes from the store's index, then the data of those. It has no
/// owner, so its stamp promises nothing to pollers beyond "equal means the same".
/// </summary>
internal sealed class BucketList(KintoOptions options, AnswerSizes sizes, IBuckets buckets, IBucketIndex index, AccountDirectory accounts)
{
    private const long MaxSortedBytes = 4L << 20;

    private static readonly KintoTarget All = new(default, "", default, ListRef.Collections, Id: null, "/buckets");

    public KintoPlan Page(KintoRequest request) => Plan(request, async (scan, cancellationToken) =>
    {
        var found = new BucketSelection(await index.ListByAuthorAsync(scan, cancellationToken), scan.Query);
        return scan.Query.Order == ListOrder.Fields
            ? await SortedAsync(request, found, scan.Query, cancellationToken)
            : await PageAsync(request, found, cancellationToken);
    });

    public KintoPlan Count(KintoRequest request) => Plan(request, async (scan, cancellationToken) =>
    {
        var count = await index.CountByAuthorAsync(scan, cancellationToken);
        return new CountFound(count.Live, count.Stamp);
    });

    public KintoPlan Delete(KintoRequest request) => Plan(request, async (scan, cancellationToken) =>
    {
        var found = new BucketSelection(await index.ListByAuthorAsync(scan, cancellationToken), scan.Query);
        return await DeleteAsync(request, found, scan.Query, cancellationToken);
    });

    private KintoPlan Plan(KintoRequest request, Func<BucketScan, CancellationToken, ValueTask<Outcome>> answer)
    {
        if (KintoPreconditions.Read(request, PreconditionScope.List, out var precondition) is { } invalid)
        {
            return invalid;
        }

        var (parameters, error) = ListParameters.Read(request, options);
        return parameters is null ? error! : new KintoPlan.Task(async cancellationToken =>
        {
            var scan = BucketSelection.ScanOf(request.Principal!, parameters.Query);
            var outcome = await RefuseAsync(request, scan, precondition, cancellationToken) ?? await answer(scan, cancellationToken);

            // The index knows names. If the account is there now, its name was nobody else's when the index was asked.
            var response = await accounts.ExistsAsync(request.Principal!, cancellationToken)
                ? KintoOutcomes.Render(outcome, request, All, parameters.Fields, options)
                : KintoErrors.Unauthorized;
            return response.Status < 400 && ListPlans.NextOf(outcome) is { } next
                ? response.With("Next-Page", ListPlans.NextPage(request, All.Path, next))
                : response;
        })
        {
            Changes = !request.IsRead,
            Most = parameters.Query.Order == ListOrder.Fields ? MaxSortedBytes : sizes.Most(parameters.Query),
        };
    }

    /// <returns>The outcome where the precondition fails, of which no bucket is read; else null.</returns>
    private async ValueTask<Outcome?> RefuseAsync(KintoRequest request, BucketScan scan, Precondition precondition, CancellationToken cancellationToken)
    {
        if (precondition == Precondition.None)
        {
            return null;
        }

        var (stamp, _, _) = await index.ListByAuthorAsync(scan with { Limit = 0 }, cancellationToken);
        return precondition.Failed(exists: true, stamp) switch
        {
            PreconditionTest.None => null,
            PreconditionTest.NoneMatch or PreconditionTest.MustNotExist when request.IsRead => new NotModified(stamp),
            _ => new PreconditionFailed(Existing: null, stamp),
        };
    }

    private async ValueTask<Outcome> PageAsync(KintoRequest request, BucketSelection found, CancellationToken cancellationToken)
    {
        var page = found.Page();
        var records = await ReadAsync(request, page, cancellationToken);
        return new PageFound(records, found.Stamp, found.NextOf(page));
    }

    /// <summary>An order by fields needs the data of all that match.</summary>
    private async ValueTask<Outcome> SortedAsync(KintoRequest request, BucketSelection found, ListQuery query, CancellationToken cancellationToken)
    {
        if (found.More || found.Matching.Sum(static entry => entry.Bytes) > MaxSortedBytes)
        {
            return new Invalid(
                "querystring", "_sort", $"Too much to sort by this field (over {BucketSelection.MaxSorted} buckets or {MaxSortedBytes} bytes match); sort by last_modified or id.");
        }

        return RecordSelection.Page(await ReadAsync(request, found.Matching, cancellationToken), query, found.Stamp, cancellationToken);
    }

    /// <summary>Objects as they are now, in this order; one that has gone meanwhile is left out, and its deletion shows next time.</summary>
    private async ValueTask<List<StoredRecord>> ReadAsync(KintoRequest request, IReadOnlyList<BucketEntry> entries, CancellationToken cancellationToken)
    {
        var author = request.Principal!.Id;
        var objects = await index.ReadObjectsAsync(author, [.. entries.Where(static entry => !entry.IsDeleted).Select(static entry => entry.Id)], cancellationToken);
        var records = new List<StoredRecord>(entries.Count);
        foreach (var entry in entries)
        {
            if (entry.IsDeleted)
            {
                records.Add(StoredRecord.Tombstone(entry.Id.Name, entry.Modified, author));
            }
            else if (objects.TryGetValue(entry.Id, out var record))
            {
                records.Add(record);
            }
        }

        return records;
    }

    /// <summary>Each bucket goes by itself; a failure in between leaves the earlier ones deleted and is told.</summary>
    private async ValueTask<Outcome> DeleteAsync(KintoRequest request, BucketSelection found, ListQuery query, CancellationToken cancellationToken)
    {
        var page = found.Page();
        var next = found.NextOf(page);
        if (query.Order == ListOrder.Fields)
        {
            var outcome = await SortedAsync(request, found, query, cancellationToken);
            if (outcome is not PageFound sorted)
            {
                return outcome;
            }

            page = [.. sorted.Records.Select(record => found.Matching.First(entry => entry.Id.Name == record.Id))];
            next = sorted.Next;
        }

        var tombstones = new List<StoredRecord>();
        foreach (var entry in page.Where(static entry => !entry.IsDeleted))
        {
            // One that has changed since it was listed may not be what was asked for any more.
            var delete = new DeleteRecord(ObjectRef.Bucket) { Precondition = new Precondition(PreconditionScope.Record, PreconditionTest.Match, entry.Modified) };
            var response = await buckets.Get(entry.Id).ExecuteAsync(new BucketRequest(Callers.Of(request.Principal!, entry.Id), [delete]), cancellationToken);
            if (response.Outcomes[0] is Unavailable or AccountClosed)
            {
                return response.Outcomes[0];
            }

            if (response.Outcomes[0] is RecordDeleted deleted)
            {
                tombstones.Add(deleted.Tombstone with { Id = entry.Id.Name });
            }
        }

        var stamp = tombstones.Select(static tombstone => tombstone.Modified).Append(found.Stamp).Max();
        return new RecordsDeleted(tombstones, stamp, next);
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
            if (response.Outcomes[0] is AccountClosed)
            {
                accounts.Forget(target.Caller);
            }

            if (response.Outcomes[0] is not (RecordKept or Forbidden or PreconditionFailed { Existing: not null }))
            {
                return KintoOutcomes.Render(response.Outcomes[0], request, target, fields: null, options) with { SlowDown = response.ClockLeads };
            }

            id = IdGenerator.Next(ListRole.Self);
        }
    }
}
