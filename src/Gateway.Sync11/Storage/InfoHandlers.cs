using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>What is about a whole storage: its times, counts and sizes, and its deletion.</summary>
internal sealed class InfoHandlers(StorageCalls bucket, Sync11Options options, TimeProvider time)
{
    /// <summary><c>{"bookmarks":1.50}</c>: when each collection was written last.</summary>
    public ValueTask<Answer> CollectionsAsync(StorageRequest request, CancellationToken cancellationToken) => ListsAsync(request, exact: false, StorageInfo.WriteTimes, cancellationToken);

    /// <summary><c>{"bookmarks":2}</c>: records.</summary>
    public ValueTask<Answer> CountsAsync(StorageRequest request, CancellationToken cancellationToken) => ListsAsync(request, exact: true, StorageInfo.WriteCounts, cancellationToken);

    /// <summary><c>{"bookmarks":0.5}</c>: kilobytes of payloads.</summary>
    public ValueTask<Answer> UsageAsync(StorageRequest request, CancellationToken cancellationToken) => ListsAsync(request, exact: true, StorageInfo.WriteUsage, cancellationToken);

    /// <summary><c>[1.5,2048000]</c>: kilobytes of payloads, and how many there may be; <c>null</c> for no limit.</summary>
    public ValueTask<Answer> QuotaAsync(StorageRequest request, CancellationToken cancellationToken) =>
        ListsAsync(request, exact: true, (writer, found) => StorageInfo.WriteQuota(writer, found, request.QuotaOr(options.QuotaBytes)), cancellationToken);

    /// <summary>Deletes all that a user has stored, if the client says that it means that.</summary>
    public async ValueTask<Answer> DeleteAllAsync(StorageRequest request, CancellationToken cancellationToken)
    {
        if (request.Header("X-Confirm-Delete") is null)
        {
            return WeaveAnswers.Error(WeaveCode.CannotOverwrite);
        }

        return await bucket.AskAsync(request, new DeleteRecord(ObjectRef.Bucket), cancellationToken) switch
        {
            RecordDeleted deleted => WeaveAnswers.Written(request.Http, deleted.Tombstone.Modified),
            Missing => WeaveAnswers.Written(request.Http, SyncTime.Now(time)),
            var outcome => WeaveAnswers.Refused(outcome),
        };
    }

    /// <summary>The time of an answer to a write that had nothing to write: now, and never before what was written before it.</summary>
    /// <param name="found">The collections.</param>
    public ServerTimestamp Now(ListsFound found) => ServerTimestamp.Max(SyncTime.Now(time), found.Stamp);

    private async ValueTask<Answer> ListsAsync(
        StorageRequest request, bool exact, Action<Utf8JsonWriter, ListsFound> write, CancellationToken cancellationToken)
    {
        var outcome = await bucket.AskAsync(request, new ReadLists(exact), cancellationToken);
        if (outcome is not ListsFound found)
        {
            return WeaveAnswers.Refused(outcome);
        }

        if (exact)
        {
            found = StorageInfo.Filled(found);
        }

        var answer = WeaveAnswers.Object(request.Http, found.Stamp, isWrite: false, writer => write(writer, found));
        return answer with
        {
            Size = AnswerSizes.Of(found),
            Headers = [.. answer.Headers, KeyValuePair.Create("X-Weave-Records", found.Lists.Count.ToString(CultureInfo.InvariantCulture))],
        };
    }
}
