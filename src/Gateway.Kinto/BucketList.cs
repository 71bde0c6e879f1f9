using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// <c>/buckets</c>: the list across buckets. A page of ids and stamps comes from the store's index, then the data of these buckets. It has no
/// owner, so its stamp promises pollers no more than "equal means unchanged".
/// </summary>
internal sealed class BucketList(KintoOptions options, AnswerSizes sizes, IBuckets buckets, IBucketIndex index, AccountDirectory accounts, AccessBodies access, SharedObjects shared, UnownedReads reads, HttpOptions http)
{
    // How many ids are tried that are taken by buckets which the caller may not see.
    private const int MaxIds = 3;

    private const long MaxSortedBytes = 4L << 20;

    // Each for as many buckets as can be sorted.
    private const int MaxCountSteps = 20;

    private static readonly KintoTarget All = new(default, "", default, ListRef.Collections, Id: null) { Path = "/buckets" };

    public KintoPlan Page(KintoRequest request) => Plan(request, async (scan, cancellationToken) =>
    {
        var found = new BucketSelection(await ListAsync(request, scan, cancellationToken), scan.Query);
        return scan.Query.Order == ListOrder.Fields ? await SortedAsync(request, found, scan.Query, cancellationToken)
            : scan.Query.Fields.Count > 0 ? await FilteredAsync(request, found, scan.Query, cancellationToken)
            : await PageAsync(request, found, cancellationToken);
    });

    public KintoPlan Count(KintoRequest request) => Plan(request, async (scan, cancellationToken) =>
    {
        if (scan.Query.Fields.Count > 0)
        {
            return await CountFilteredAsync(request, scan, cancellationToken);
        }

        var count = request.Principal is null ? new BucketCount(ServerTimestamp.Zero, 0) : await index.CountByAuthorAsync(scan, cancellationToken);
        var others = await SharedAsync(request, scan, cancellationToken);
        return new CountFound(
            count.Live + others.LongCount(entry => scan.Query.Matches(RowOf(entry))), others.Select(static entry => entry.Modified).Append(count.Stamp).Max());
    });

    public KintoPlan Delete(KintoRequest request) => Plan(request, async (scan, cancellationToken) =>
    {
        var found = new BucketSelection(await ListAsync(request, scan, cancellationToken), scan.Query);
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
            var scan = BucketSelection.ScanOf(request.Principal, parameters.Query);
            if (request.Principal is null && (await shared.ListBucketsAsync(default, cancellationToken)).Count == 0)
            {
                return KintoErrors.Unauthorized;
            }

            var outcome = await RefuseAsync(request, scan, precondition, cancellationToken) ?? await answer(scan, cancellationToken);

            // The index knows names. If the account exists now, its name was nobody else's when the index was read.
            var response = request.Principal is null || await accounts.ExistsAsync(request.Principal, cancellationToken)
                ? ListPlans.Counted(KintoOutcomes.Render(outcome, request, All, parameters.Fields, options), outcome, parameters.Query)
                : KintoErrors.Unauthorized;
            response = request.IsRead && outcome is Unavailable { Reason: UnavailableReason.Overloaded } ? response with { LeavesNothingUndone = true } : response;
            return response.Status < 400 && ListPlans.NextOf(outcome) is { } next
                ? ListPlans.WithNextPage(response, request, All.Path, next, http)
                : response;
        })
        {
            Changes = !request.IsRead,
            SpansBuckets = true,
            Most = parameters.Query.Order == ListOrder.Fields || parameters.Query.Fields.Count > 0 ? MaxSortedBytes : sizes.Most(parameters.Query),
        };
    }

    /// <summary>The caller's own buckets, and those of others that name the caller.</summary>
    private async ValueTask<BucketRows> ListAsync(KintoRequest request, BucketScan scan, CancellationToken cancellationToken) =>
        await ListAsync(request, scan, await SharedAsync(request, scan, cancellationToken), cancellationToken);

    private async ValueTask<BucketRows> ListAsync(KintoRequest request, BucketScan scan, IReadOnlyList<BucketEntry> others, CancellationToken cancellationToken)
    {
        var own = request.Principal is null
            ? new BucketRows(ServerTimestamp.Zero, [], More: false)
            : await index.ListByAuthorAsync(scan, cancellationToken);
        if (others.Count == 0)
        {
            return own;
        }

        var past = others.Where(entry => scan.Query.Matches(RowOf(entry)) && (scan.Query.Cursor is not { } cursor
            || (entry.Modified <= cursor.ListStamp && (scan.Query.Order == ListOrder.Fields || RecordOrder.IsPast(scan.Order, RowOf(entry), cursor)))));
        var merged = own.Entries.Concat(past).ToList();
        merged.Sort(scan.Compare);
        return new BucketRows(others.Select(static entry => entry.Modified).Append(own.Stamp).Max(), [.. merged.Take(scan.Limit)], own.More || merged.Count > scan.Limit);
    }

    private async ValueTask<IReadOnlyList<BucketEntry>> SharedAsync(KintoRequest request, BucketScan scan, CancellationToken cancellationToken)
    {
        var named = await shared.ListBucketsAsync(await shared.ResolveAsync(request.Principal, cancellationToken), cancellationToken);
        if (named.Count == 0 || request.Principal is null)
        {
            return named;
        }

        var query = new ListQuery { Ids = [.. named.Select(static entry => entry.Id.Name)], Limit = named.Count };
        var own = (await index.ListByAuthorAsync(scan with { Query = query, Limit = named.Count }, cancellationToken)).Entries.Select(static entry => entry.Id).ToHashSet();
        return [.. named.Where(entry => !own.Contains(entry.Id))];
    }

    private static StoredRecord RowOf(BucketEntry entry) => new() { Id = entry.Id.Name, Modified = entry.Modified, IsTombstone = entry.IsDeleted };

    /// <returns>The outcome if the precondition fails, in which case no bucket is read; otherwise null.</returns>
    private async ValueTask<Outcome?> RefuseAsync(KintoRequest request, BucketScan scan, Precondition precondition, CancellationToken cancellationToken)
    {
        if (precondition == Precondition.None)
        {
            return null;
        }

        var (stamp, _, _) = await ListAsync(request, scan with { Limit = 0 }, cancellationToken);
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

    /// <summary>A page of the buckets whose fields match. It may end early, and then says where to continue.</summary>
    private async ValueTask<Outcome> FilteredAsync(KintoRequest request, BucketSelection found, ListQuery query, CancellationToken cancellationToken)
    {
        var looked = found.First(BucketSelection.MaxSorted, MaxSortedBytes);
        var records = await ReadAsync(request, looked, cancellationToken);
        if (await reads.LookAsync(UserOf(request), end => RecordSelection.Page(records, query, found.Stamp, end, cancellationToken), cancellationToken) is not var (outcome, seen))
        {
            return Core.Outcomes.Unavailable.Overloaded;
        }

        if (seen < records.Count)
        {
            // Time ran out.
            var last = records[seen - 1].Id;
            looked = [.. looked.Take(looked.TakeWhile(entry => entry.Id.Name != last).Count() + 1)];
        }

        return outcome is PageFound { Next: null } page ? page with { Next = found.NextOf(looked) } : outcome;
    }

    private async ValueTask<Outcome> CountFilteredAsync(KintoRequest request, BucketScan scan, CancellationToken cancellationToken)
    {
        var others = await SharedAsync(request, scan, cancellationToken);
        if (scan.Query.Deleted == true)
        {
            return new CountFound(0, (await ListAsync(request, scan with { Limit = 0 }, others, cancellationToken)).Stamp);
        }

        var (count, query, most) = (0L, scan.Query with { Deleted = false, Sort = [], Cursor = null }, reads.MostTime);
        for (var (step, stamp) = (0, ServerTimestamp.Zero); step < MaxCountSteps && !most.HasCome; step++)
        {
            var found = new BucketSelection(await ListAsync(request, scan with { Query = query, Limit = BucketSelection.MaxSorted }, others, cancellationToken), query);
            var looked = found.First(BucketSelection.MaxSorted, MaxSortedBytes);
            stamp = step == 0 ? found.Stamp : stamp;
            var records = await ReadAsync(request, looked, cancellationToken);
            var asked = query;
            if (await reads.LookAsync(UserOf(request), end => RecordSelection.Count(records, asked, end, cancellationToken), cancellationToken) is not var (matching, seen) || seen < records.Count)
            {
                break;
            }

            count += matching;
            if (found.NextOf(looked) is not { } next)
            {
                return new CountFound(count, stamp);
            }

            query = query with { Cursor = next };
        }

        return Core.Outcomes.Unavailable.Overloaded;
    }

    /// <summary>An order by fields needs the data of all matching buckets.</summary>
    private async ValueTask<Outcome> SortedAsync(KintoRequest request, BucketSelection found, ListQuery query, CancellationToken cancellationToken)
    {
        if (found.More || found.Matching.Sum(static entry => entry.Bytes) > MaxSortedBytes)
        {
            return new Refused(
                "querystring", "_sort", $"Too much to sort by this field (over {BucketSelection.MaxSorted} buckets or {MaxSortedBytes} bytes match); sort by last_modified or id.");
        }

        var records = await ReadAsync(request, found.Matching, cancellationToken);
        return await reads.LookAsync(UserOf(request), end => RecordSelection.Page(records, query, found.Stamp, end, cancellationToken), cancellationToken) is var (outcome, seen) && seen == records.Count
            ? outcome
            : Core.Outcomes.Unavailable.Overloaded;
    }

    private static string UserOf(KintoRequest request) => request.Principal?.Id ?? "";

    /// <summary>The objects as they are now, in this order. A bucket that was deleted meanwhile is left out; its deletion shows next time.</summary>
    private async ValueTask<List<StoredRecord>> ReadAsync(KintoRequest request, IReadOnlyList<BucketEntry> entries, CancellationToken cancellationToken)
    {
        var author = request.Principal?.Id;
        IReadOnlyDictionary<BucketId, StoredRecord> objects = author is null
            ? new Dictionary<BucketId, StoredRecord>()
            : await index.ReadObjectsAsync(author, [.. entries.Where(static entry => !entry.IsDeleted).Select(static entry => entry.Id)], cancellationToken);
        BucketId[] others = [.. entries.Where(entry => !entry.IsDeleted && !objects.ContainsKey(entry.Id)).Select(static entry => entry.Id)];
        IReadOnlyDictionary<BucketId, StoredRecord> named = others.Length == 0
            ? new Dictionary<BucketId, StoredRecord>()
            : await index.ReadNamedAsync((await shared.ResolveAsync(request.Principal, cancellationToken)).Indexed(), others, cancellationToken);
        var records = new List<StoredRecord>(entries.Count);
        foreach (var entry in entries)
        {
            if (entry.IsDeleted)
            {
                records.Add(StoredRecord.Tombstone(entry.Id.Name, entry.Modified, author));
            }
            else if (objects.TryGetValue(entry.Id, out var record) || named.TryGetValue(entry.Id, out record))
            {
                records.Add(record);
            }
        }

        return records;
    }

    /// <summary>Deletes one bucket after the other. If it fails in between, the earlier ones stay deleted, and the answer says so.</summary>
    private async ValueTask<Outcome> DeleteAsync(KintoRequest request, BucketSelection found, ListQuery query, CancellationToken cancellationToken)
    {
        var page = found.Page();
        var next = found.NextOf(page);
        if (query.Order == ListOrder.Fields || query.Fields.Count > 0)
        {
            var outcome = query.Order == ListOrder.Fields
                ? await SortedAsync(request, found, query, cancellationToken)
                : await FilteredAsync(request, found, query, cancellationToken);
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
            // A bucket that has changed since it was listed may no longer match the request.
            var delete = new DeleteRecord(ObjectRef.Bucket) { Precondition = new Precondition(PreconditionScope.Record, PreconditionTest.Match, entry.Modified) };
            var response = await buckets.Get(entry.Id).ExecuteAsync(new BucketRequest(Callers.Of(request.Principal, entry.Id), [delete]), cancellationToken);
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
        if (request.Principal is null && id is KintoTarget.Default)
        {
            return KintoErrors.Unauthorized;
        }

        var target = KintoTarget.OfBucket(request.Principal, id);
        return access.Plan(request, target, ObjectRef.Bucket, AccessBodies.OfPut(body, ListRole.Self), change =>
        {
            var create = change is null ? operation : operation with { Access = change };
            return data.Id is null
                ? new KintoPlan.Task(cancellationToken => CreateAsync(request, id, create, cancellationToken))
                : new KintoPlan.Call(target.Bucket, target.Caller, create, outcome => KintoOutcomes.Render(outcome, request, target, fields: null, options));
        });
    }

    /// <summary>Creates it under this id, or under another one if the id is taken: that bucket's owner says so and writes nothing.</summary>
    private async ValueTask<KintoResponse> CreateAsync(KintoRequest request, string id, CreateRecord operation, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var target = KintoTarget.OfBucket(request.Principal, id);
            var response = await buckets.Get(target.Bucket).ExecuteAsync(new BucketRequest(target.Caller, [operation]), cancellationToken);
            if (response.Outcomes[0] is AccountClosed)
            {
                accounts.Forget(target.Caller);
            }

            // A caller who may not create a bucket may not do so under any name.
            if ((response.Outcomes[0] is Forbidden or PreconditionFailed && attempt == MaxIds) || response.Outcomes[0] is not (RecordKept or Forbidden or PreconditionFailed))
            {
                return KintoOutcomes.Render(response.Outcomes[0], request, target, fields: null, options) with { SlowDown = response.ClockLeads };
            }

            id = IdGenerator.Next(ListRole.Self);
        }
    }
}
