using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Own;

/// <summary>Collections and records in a user's own buckets.</summary>
internal sealed class RecordHandlers(OwnBuckets own, HttpOptions http)
{
    private const int RecordsAtOnce = 100;

    /// <summary>The records of a collection in the order of their ids, without their data.</summary>
    public async ValueTask<Answer> ListAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        var (collection, after) = (request.Inner.Values["collection"], request.Parameter("after"));
        if (await FindAsync(request, cancellationToken) is not { } bucket || (after is not null && !OwnBuckets.IsId(after)))
        {
            return ConsoleAnswers.Of(ConsoleError.NoResource);
        }

        if (!await request.Inner.Room.PromiseAsync(http.MaxRequestBytes, cancellationToken))
        {
            return ConsoleAnswers.Of(ConsoleError.Busy);
        }

        var query = new ListQuery
        {
            Limit = RecordsAtOnce,
            Sort = [new SortField("id", Descending: false)],
            Projection = Projection.Metadata,
            Cursor = after is null ? null : new PageCursorAfter(after).Cursor,
        };
        var outcomes = await own.AskAsync(
            request.User, bucket, cancellationToken, new ReadRecord(ObjectRef.Collection(collection)), new ListRecords(ListRef.RecordsOf(collection), query), new ReadLists(Exact: false));
        if (outcomes is not [RecordFound found, PageFound page, ListsFound lists])
        {
            return ConsoleAnswers.Of(Removal.ErrorOf(outcomes.First(static outcome => outcome is not RecordFound)));
        }

        // Collections of a default bucket answer as if they were there.
        if (lists.Lists.FirstOrDefault(list => string.Equals(list.Name, collection, StringComparison.Ordinal)) is not { } summary)
        {
            return ConsoleAnswers.Of(ConsoleError.NoResource);
        }

        return ConsoleAnswers.Object(
            writer =>
            {
                writer.WriteString("id", collection);
                writer.WriteNumber("modified", found.Record.Modified.Milliseconds);
                writer.WriteNumber("total", summary.Count);
                writer.WriteStartArray("records");
                foreach (var record in page.Records)
                {
                    writer.WriteStartObject();
                    writer.WriteString("id", record.Id);
                    writer.WriteNumber("modified", record.Modified.Milliseconds);
                    writer.WriteNumber("bytes", record.Length);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteString("next", page.Next?.Id);
            },
            page.Records.Count * 100L);
    }

    /// <summary>A record as it is stored.</summary>
    public async ValueTask<Answer> ShowAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (await FindAsync(request, cancellationToken) is not { } bucket)
        {
            return ConsoleAnswers.Of(ConsoleError.NoResource);
        }

        if (!await request.Inner.Room.PromiseAsync(http.MaxRequestBytes, cancellationToken))
        {
            return ConsoleAnswers.Of(ConsoleError.Busy);
        }

        var outcome = (await own.AskAsync(request.User, bucket, cancellationToken, new ReadRecord(RecordOf(request))))[0];
        return outcome is not RecordFound { Record: var record } ? ConsoleAnswers.Of(Removal.ErrorOf(outcome)) : ConsoleAnswers.Object(
            writer =>
            {
                writer.WriteString("id", record.Id);
                writer.WriteNumber("modified", record.Modified.Milliseconds);
                writer.WritePropertyName("data");
                writer.WriteRawValue(record.Body.Span, skipInputValidation: true);
            },
            2L * record.Size);
    }

    public ValueTask<Answer> DeleteCollectionAsync(ConsoleRequest request, CancellationToken cancellationToken) =>
        DeleteAsync(request, ObjectRef.Collection(request.Inner.Values["collection"]), cancellationToken);

    public ValueTask<Answer> DeleteAsync(ConsoleRequest request, CancellationToken cancellationToken) => DeleteAsync(request, RecordOf(request), cancellationToken);

    private static ObjectRef RecordOf(ConsoleRequest request) => ObjectRef.Record(request.Inner.Values["collection"], request.Inner.Values["record"]);

    private async ValueTask<Answer> DeleteAsync(ConsoleRequest request, ObjectRef target, CancellationToken cancellationToken)
    {
        var (operation, refusal) = Removal.Read(request, target);
        return operation is null ? refusal!
            : await FindAsync(request, cancellationToken) is not { } bucket ? ConsoleAnswers.Of(ConsoleError.NoResource)
            : Removal.Of((await own.AskAsync(request.User, bucket, cancellationToken, operation))[0]);
    }

    private ValueTask<BucketId?> FindAsync(ConsoleRequest request, CancellationToken cancellationToken) =>
        request.Inner.Values.All.All(OwnBuckets.IsId) ? own.FindAsync(request.User, request.Inner.Values["bucket"], cancellationToken) : new((BucketId?)null);
}
