using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync15;

/// <summary>Handlers for a whole storage: its times, counts and sizes, the server's limits, and its deletion.</summary>
internal sealed class InfoHandlers(BucketCalls bucket, Sync15Options options, HttpOptions http)
{
    /// <summary><c>{"bookmarks":1.50}</c>: when each collection was last written.</summary>
    public ValueTask<Answer> CollectionsAsync(SyncRequest request, CancellationToken cancellationToken) => ListsAsync(request, exact: false, StorageInfo.WriteTimes, cancellationToken);

    /// <summary><c>{"bookmarks":2}</c>: records.</summary>
    public ValueTask<Answer> CountsAsync(SyncRequest request, CancellationToken cancellationToken) => ListsAsync(request, exact: true, StorageInfo.WriteCounts, cancellationToken);

    /// <summary><c>{"bookmarks":0.5}</c>: kilobytes of payloads.</summary>
    public ValueTask<Answer> UsageAsync(SyncRequest request, CancellationToken cancellationToken) => ListsAsync(request, exact: true, StorageInfo.WriteUsage, cancellationToken);

    /// <summary><c>[1.5,2048000]</c>: kilobytes of payloads, and how many there may be; <c>null</c> for no limit.</summary>
    public ValueTask<Answer> QuotaAsync(SyncRequest request, CancellationToken cancellationToken) =>
        ListsAsync(request, exact: true, (writer, found) => StorageInfo.WriteQuota(writer, found, request.QuotaOr(options.QuotaBytes) is > 0 and var quota ? quota : null), cancellationToken);

    /// <summary>The limits that clients cut their requests by.</summary>
    public Answer Configuration(SyncRequest request) => SyncAnswers.Object(request, 200, ServerTimestamp.Zero, isWrite: false, writer =>
    {
        var most = Math.Min(options.MaxRequestBytes, http.MaxRequestBytes);
        writer.WriteStartObject();
        writer.WriteNumber("max_post_bytes", options.MaxPostBytes);
        writer.WriteNumber("max_post_records", options.MaxPostRecords);
        writer.WriteNumber("max_record_payload_bytes", options.MaxRecordPayloadBytes);
        writer.WriteNumber("max_request_bytes", most);
        writer.WriteNumber("max_total_bytes", options.MaxTotalBytes);
        writer.WriteNumber("max_total_records", options.MaxTotalRecords);
        if (request.QuotaOr(options.QuotaBytes) is > 0 and var quota)
        {
            writer.WriteNumber("max_quota_limit", quota);
        }

        writer.WriteEndObject();
    });

    /// <summary>Deletes all that a user has stored.</summary>
    public async ValueTask<Answer> DeleteAllAsync(SyncRequest request, CancellationToken cancellationToken)
    {
        if (!request.TryPrecondition(PreconditionScope.Bucket, out var precondition))
        {
            return SyncAnswers.BadRequest();
        }

        return await bucket.AskAsync(request, new DeleteRecord(ObjectRef.Bucket) { Precondition = precondition }, cancellationToken) switch
        {
            RecordDeleted deleted => SyncAnswers.Modified(request, deleted.Tombstone.Modified, isWrite: true),
            Missing => SyncAnswers.Modified(request, ServerTimestamp.Zero, isWrite: false),
            var outcome => SyncAnswers.Refused(request, outcome),
        };
    }

    private async ValueTask<Answer> ListsAsync(
        SyncRequest request, bool exact, Action<Utf8JsonWriter, ListsFound> write, CancellationToken cancellationToken)
    {
        if (!request.TryPrecondition(PreconditionScope.Bucket, out var precondition))
        {
            return SyncAnswers.BadRequest();
        }

        var outcome = await bucket.AskAsync(request, new ReadLists(exact) { Precondition = precondition }, cancellationToken);
        if (outcome is not ListsFound found)
        {
            return SyncAnswers.Refused(request, outcome);
        }

        if (exact)
        {
            found = StorageInfo.Filled(found);
        }

        var answer = SyncAnswers.Object(request, 200, found.Stamp, isWrite: false, writer => write(writer, found));
        return answer with
        {
            Size = AnswerSizes.Of(found),
            Headers = [.. answer.Headers, KeyValuePair.Create("X-Weave-Records", found.Lists.Count.ToString(CultureInfo.InvariantCulture))],
        };
    }
}
