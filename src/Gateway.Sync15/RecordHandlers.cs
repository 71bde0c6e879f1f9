using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync15;

/// <summary>Single records.</summary>
internal sealed class RecordHandlers(BucketCalls bucket, Sync15Options options)
{
    public async ValueTask<Answer> GetAsync(SyncRequest request, CancellationToken cancellationToken)
    {
        if (Target(request) is not { } target)
        {
            return SyncAnswers.NotFound;
        }

        if (!request.TryPrecondition(PreconditionScope.Record, out var precondition))
        {
            return SyncAnswers.BadRequest();
        }

        if (MediaTypes.OfAnswer(request.Header("Accept")) is null)
        {
            return SyncAnswers.Error(406, SyncCode.Other);
        }

        var outcome = await bucket.AskAsync(request, new ReadRecord(target) { Precondition = precondition }, cancellationToken);
        if (outcome is not RecordFound found)
        {
            return SyncAnswers.Refused(request, outcome);
        }

        request.Stamp(found.Record.Modified, isWrite: false);
        return new Answer(200)
        {
            Headers = [KeyValuePair.Create("Content-Type", SyncAnswers.Json), KeyValuePair.Create(SyncAnswers.LastModified, SyncTime.Text(found.Record.Modified))],
            Body = output => RecordWriter.Write(output, found.Record),
            Size = AnswerSizes.Of(found.Record),
        };
    }

    /// <summary>Makes or changes a record. The answer is the bare stamp.</summary>
    public async ValueTask<Answer> PutAsync(SyncRequest request, CancellationToken cancellationToken)
    {
        if (Target(request) is not { } target)
        {
            return SyncAnswers.NotFound;
        }

        if (!request.TryPrecondition(PreconditionScope.Record, out var precondition))
        {
            return SyncAnswers.BadRequest();
        }

        if (MediaTypes.OfBody(request.Header("Content-Type")) is not SyncAnswers.Json)
        {
            return SyncAnswers.Error(415, SyncCode.Other);
        }

        if (RecordReader.ReadOne(request.Body, target.Id) is not { } change
            || change.Body?.Length > options.MaxRecordPayloadBytes || RecordReader.IsUnusableKey(target.List.Name, change))
        {
            return SyncAnswers.BadRequest(SyncCode.InvalidRecord);
        }

        var merge = new MergeRecords(target.List, [change]) { Precondition = precondition, Quota = request.QuotaOr(options.QuotaBytes) is > 0 and var quota ? quota : long.MaxValue };
        var outcome = await bucket.AskAsync(request, merge, cancellationToken);
        return outcome is RecordsMerged merged
            ? SyncAnswers.Merged(request, merged, writer => writer.WriteRawValue(SyncTime.Text(merged.ListStamp)))
            : SyncAnswers.Refused(request, outcome);
    }

    public async ValueTask<Answer> DeleteAsync(SyncRequest request, CancellationToken cancellationToken)
    {
        if (Target(request) is not { } target)
        {
            return SyncAnswers.NotFound;
        }

        if (!request.TryPrecondition(PreconditionScope.Record, out var precondition))
        {
            return SyncAnswers.BadRequest();
        }

        var outcome = await bucket.AskAsync(request, new DeleteRecord(target) { Precondition = precondition }, cancellationToken);
        return outcome is RecordDeleted deleted
            ? SyncAnswers.Modified(request, deleted.Tombstone.Modified, isWrite: true)
            : SyncAnswers.Refused(request, outcome);
    }

    private static ObjectRef? Target(SyncRequest request) =>
        request.Collection() is { } collection && request.Record() is { } record ? ObjectRef.Record(collection, record) : null;
}
