using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Handlers for a whole storage: its times, counts and sizes, and its deletion.</summary>
internal sealed class InfoHandlers(StorageCalls bucket, Sync11Options options, TimeProvider time)
{
    /// <summary><c>{"bookmarks":1.50}</c>: when each collection was last written.</summary>
    public ValueTask<Answer> CollectionsAsync(StorageRequest request, CancellationToken cancellationToken) => ListsAsync(request, exact: false, StorageInfo.WriteTimes, cancellationToken);

    /// <summary><c>{"bookmarks":2}</c>: the number of records.</summary>
    public ValueTask<Answer> CountsAsync(StorageRequest request, CancellationToken cancellationToken) => ListsAsync(request, exact: true, StorageInfo.WriteCounts, cancellationToken);

    /// <summary><c>{"bookmarks":0.5}</c>: kilobytes of payloads.</summary>
    public ValueTask<Answer> UsageAsync(StorageRequest request, CancellationToken cancellationToken) => ListsAsync(request, exact: true, StorageInfo.WriteUsage, cancellationToken);

    /// <summary><c>[1.5,2048000]</c>: kilobytes of payloads, and the limit; <c>null</c> for no limit.</summary>
    public ValueTask<Answer> QuotaAsync(StorageRequest request, CancellationToken cancellationToken) =>
        ListsAsync(request, exact: true, (writer, found) => StorageInfo.WriteQuota(writer, found, request.QuotaOr(options.QuotaBytes)), cancellationToken);

    /// <summary>Deletes all data of a user, if the client confirms it.</summary>
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

    /// <summary>The time of an answer to an empty write: the current time, but never before the last write.</summary>
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
