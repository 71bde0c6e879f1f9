using System.Globalization;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Syncto.Storage;

/// <summary>A storage of this server's: asks the owner of its bucket.</summary>
internal sealed class LocalStorage(Principal user, BucketCalls owners, Sync15Options sync, SynctoOptions options) : ISyncStorage
{
    private const int SlowDownSeconds = 10;
    private const int Kilobyte = 1024;
    private static readonly ReadLists Usage = new(Exact: false);

    private readonly BucketId bucket = BucketId.SyncStorage(user.DefaultBucket);
    private readonly long quota = user.QuotaBytes ?? sync.QuotaBytes;

    public async ValueTask<StorageReply> ListAsync(
        string collection, SyncQuery query, Conditions conditions, AnswerRoom room, CancellationToken cancellationToken)
    {
        if (!QueryParameters.TryParse(query.Text, out var parameters) || ListParameters.Read(parameters) is not { } read)
        {
            return new StorageReply(400) { Text = "1" };
        }

        var list = ListRef.RecordsOf(collection);
        var records = read.Query with
        {
            Limit = read.Limit ?? options.MaxPageRecords,
            MaxBytes = options.MaxPageBytes,
            ExcludedIds = query.Excluded.Count > 0 ? query.Excluded : null,
        };
        var response = await AskAsync(
            room, cancellationToken, new ListRecords(list, records) { Precondition = conditions.Of(PreconditionScope.List, isRead: true) }, Usage);
        if (response.Outcomes[0] is not PageFound page)
        {
            return Refused(response, room);
        }

        var size = AnswerSizes.Of(page.Records);
        if (!room.TryKeep(size))
        {
            return StorageReply.Unavailable;
        }

        long? total = null;
        if (!query.IsLimited)
        {
            total = page.Next is null && records.Cursor is null ? page.Records.Count
                : (await AskAsync(room, cancellationToken, new CountRecords(list, records with { Cursor = null }))).Outcomes[0] is CountFound count ? count.Count
                : null;
        }

        return Of(response) with
        {
            Stamp = page.ListStamp,
            Records = page.Records,
            Next = page.Next is { } next ? ListOffset.Text(next, records.Order) : null,
            Total = total,
            Size = size,
        };
    }

    public async ValueTask<StorageReply> ReadAsync(
        string collection, string id, Conditions conditions, AnswerRoom room, CancellationToken cancellationToken)
    {
        var read = new ReadRecord(ObjectRef.Record(collection, id)) { Precondition = conditions.Of(PreconditionScope.Record, isRead: true) };
        var response = await AskAsync(room, cancellationToken, read, Usage);
        if (response.Outcomes[0] is not RecordFound found)
        {
            return Refused(response, room);
        }

        var size = AnswerSizes.Of(found.Record);
        return room.TryKeep(size)
            ? Of(response) with { Stamp = found.Record.Modified, Records = [found.Record], Size = size }
            : StorageReply.Unavailable;
    }

    public async ValueTask<StorageReply> WriteAsync(
        string collection, RecordChange change, Conditions conditions, bool isPatch, AnswerRoom room, CancellationToken cancellationToken)
    {
        if (change.Body?.Length > sync.MaxRecordPayloadBytes)
        {
            return new StorageReply(400) { Text = "8" };
        }

        var precondition = conditions.Of(PreconditionScope.Record, isRead: false);
        if (isPatch)
        {
            precondition = precondition == Precondition.None
                ? new Precondition(PreconditionScope.Record, PreconditionTest.MustExist)
                : precondition with { SecondTest = PreconditionTest.MustExist };
        }

        var target = ObjectRef.Record(collection, change.Id);
        var merge = new MergeRecords(ListRef.RecordsOf(collection), [change]) { Precondition = precondition, Quota = quota > 0 ? quota : long.MaxValue };
        var response = isPatch
            ? await AskAsync(room, cancellationToken, merge, Usage, new ReadRecord(target))
            : await AskAsync(room, cancellationToken, merge, Usage);
        if (response.Outcomes[0] is not RecordsMerged merged)
        {
            return await RefusedAsync(response, target, isPatch, room, cancellationToken);
        }

        IReadOnlyList<StoredRecord> records = isPatch && response.Outcomes[2] is RecordFound found ? [found.Record] : [];
        var size = AnswerSizes.Of(records);
        room.Keep(size);
        return Of(response) with { Stamp = merged.ListStamp, Records = records, Size = size };
    }

    public async ValueTask<StorageReply> DeleteAsync(
        string collection, string id, Conditions conditions, AnswerRoom room, CancellationToken cancellationToken)
    {
        var target = ObjectRef.Record(collection, id);
        var delete = new DeleteRecord(target) { Precondition = conditions.Of(PreconditionScope.Record, isRead: false) };
        var response = await AskAsync(room, cancellationToken, delete, Usage);
        return response.Outcomes[0] is RecordDeleted deleted
            ? Of(response) with { Stamp = deleted.Tombstone.Modified }
            : await RefusedAsync(response, target, isPatch: false, room, cancellationToken);
    }

    public async ValueTask<StorageReply> CollectionsAsync(AnswerRoom room, CancellationToken cancellationToken)
    {
        var response = await AskAsync(room, cancellationToken, Usage);
        if (response.Outcomes[0] is not ListsFound found)
        {
            return Refused(response, room);
        }

        var size = AnswerSizes.Of(found);
        return room.TryKeep(size) ? Of(response) with { Stamp = found.Stamp, Collections = found.Lists, Size = size } : StorageReply.Unavailable;
    }

    private ValueTask<BucketResponse> AskAsync(AnswerRoom room, CancellationToken cancellationToken, params IReadOnlyList<Operation> operations) =>
        owners.AskAsync(bucket, Callers.Of(user, bucket), room, operations, cancellationToken);

    /// <summary>What was done, and what it says of the whole storage.</summary>
    private StorageReply Of(BucketResponse response) => new(200)
    {
        Backoff = response.ClockLeads ? SlowDownSeconds : 0,
        QuotaRemaining = quota > 0 && response.Outcomes.OfType<ListsFound>().FirstOrDefault() is { } usage
            ? (Math.Max(0, quota - usage.Lists.Sum(static list => list.Bytes)) / Kilobyte).ToString(CultureInfo.InvariantCulture)
            : null,
    };

    /// <summary>As <see cref="Refused"/>; where a condition did not hold, with the record as it is.</summary>
    private async ValueTask<StorageReply> RefusedAsync(
        BucketResponse response, ObjectRef target, bool isPatch, AnswerRoom room, CancellationToken cancellationToken)
    {
        var refused = Refused(response, room);
        if (refused.Status != 412)
        {
            return refused;
        }

        var again = await AskAsync(room, cancellationToken, new ReadRecord(target));
        if (again.Outcomes[0] is RecordFound found && room.TryKeep(AnswerSizes.Of(found.Record)))
        {
            return refused with { Existing = found.Record, Size = AnswerSizes.Of(found.Record) };
        }

        room.Lapse();
        return isPatch && again.Outcomes[0] is Missing ? new StorageReply(404) : refused;
    }

    /// <summary>The answer for an operation that was not done.</summary>
    private static StorageReply Refused(BucketResponse response, AnswerRoom room)
    {
        room.Lapse();
        return (response.Outcomes[0] switch
        {
            NotModified same => new StorageReply(304) { Stamp = same.Stamp },
            PreconditionFailed failed => new StorageReply(412) { Stamp = failed.Stamp },
            Missing => new StorageReply(404),
            OverQuota => new StorageReply(403) { Text = "14" },
            TooLarge => new StorageReply(400) { Text = "13" },
            AccountClosed or Forbidden => new StorageReply(401),
            Unavailable => StorageReply.Unavailable,
            var outcome => throw new InvalidOperationException($"No answer for {outcome.GetType().Name}."),
        }) with { Backoff = response.ClockLeads ? SlowDownSeconds : 0 };
    }
}
