using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Handlers for single records.</summary>
internal sealed class RecordHandlers(StorageCalls bucket, InfoHandlers info, Sync11Options options)
{
    public async ValueTask<Answer> GetAsync(StorageRequest request, CancellationToken cancellationToken)
    {
        if (request.Record is not { } target)
        {
            return WeaveAnswers.NotFound;
        }

        var outcome = await bucket.AskAsync(request, new ReadRecord(target), cancellationToken);
        if (outcome is not RecordFound found)
        {
            return WeaveAnswers.Refused(outcome);
        }

        request.Http.Features.Set(new AnswerStamp(found.Record.Modified, IsWrite: false));
        return new Answer(200)
        {
            Headers = [KeyValuePair.Create("Content-Type", WeaveAnswers.Json)],
            Body = output => RecordWriter.Write(output, found.Record),
            Size = AnswerSizes.Of(found.Record),
        };
    }

    /// <summary>Makes or changes a record. The answer is only the time.</summary>
    public async ValueTask<Answer> PutAsync(StorageRequest request, CancellationToken cancellationToken)
    {
        if (request.Record is not { } target)
        {
            return WeaveAnswers.NotFound;
        }

        if (!request.TryPrecondition(PreconditionScope.List, out var precondition))
        {
            return WeaveAnswers.Text(400, "Bad X-If-Unmodified-Since");
        }

        var (change, code) = WboReader.ReadOne(request.Body, target.Id, options.MaxRecordPayloadBytes);
        return change is null
            ? WeaveAnswers.Error(code)
            : await MergeAsync(request, new MergeRecords(target.List, [change]) { Precondition = precondition }, cancellationToken);
    }

    /// <summary>Stores one record.</summary>
    public async ValueTask<Answer> MergeAsync(StorageRequest request, MergeRecords merge, CancellationToken cancellationToken)
    {
        var outcome = await bucket.AskAsync(request, merge with { Quota = request.QuotaOr(options.QuotaBytes) ?? long.MaxValue }, cancellationToken);
        return outcome is RecordsMerged merged
            ? WeaveAnswers.Written(request.Http, merged.ListStamp).WithQuota(merged)
            : WeaveAnswers.Refused(outcome);
    }

    public async ValueTask<Answer> DeleteAsync(StorageRequest request, CancellationToken cancellationToken)
    {
        if (request.Record is not { } target)
        {
            return WeaveAnswers.NotFound;
        }

        if (!request.TryPrecondition(PreconditionScope.List, out var precondition))
        {
            return WeaveAnswers.Text(400, "Bad X-If-Unmodified-Since");
        }

        var outcomes = await bucket.AskAsync(request, [new DeleteRecord(target) { Precondition = precondition }, new ReadLists(Exact: false)], cancellationToken);
        return (outcomes[0], outcomes[1]) switch
        {
            (RecordDeleted deleted, _) => WeaveAnswers.Written(request.Http, deleted.Tombstone.Modified),
            (Missing, ListsFound found) => WeaveAnswers.Written(request.Http, info.Now(found)),
            var (outcome, _) => WeaveAnswers.Refused(outcome),
        };
    }
}
