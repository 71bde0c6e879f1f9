using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Own;

/// <summary>A user's own buckets, and the collections in them.</summary>
internal sealed class BucketHandlers(OwnBuckets own, HttpOptions http)
{
    private const int BucketsAtOnce = 100;
    private const int CollectionsAtOnce = 200;

    public async ValueTask<Answer> ListAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        var (user, after) = (request.User, request.Parameter("after"));
        if (after is not null && !OwnBuckets.IsId(after))
        {
            return ConsoleAnswers.Of(ConsoleError.NoResource);
        }

        var rows = await own.ListAsync(user, after, BucketsAtOnce, cancellationToken);
        return ConsoleAnswers.Object(writer =>
        {
            writer.WriteStartArray("buckets");
            foreach (var entry in rows.Entries)
            {
                writer.WriteStartObject();
                writer.WriteString("id", entry.Id.IsDefaultBucket ? OwnBuckets.Default : entry.Id.Name);
                writer.WriteNumber("modified", entry.Modified.Milliseconds);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteString("next", rows is { More: true, Entries: [.., var last] } ? last.Id.Name : null);
        });
    }

    /// <summary>The bucket's own data, and its collections with what they hold.</summary>
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

        var outcomes = await own.AskAsync(request.User, bucket, cancellationToken, new ReadRecord(ObjectRef.Bucket), new ReadLists(Exact: false));

        // A default bucket in which nothing is stored answers as if it were there.
        var found = outcomes[0] is RecordFound { Record: var record } && record.Modified != ServerTimestamp.Zero ? record : null;
        if (outcomes is not [_, ListsFound lists] || (found is null && !bucket.IsDefaultBucket))
        {
            return ConsoleAnswers.Of(Removal.ErrorOf(outcomes[0]));
        }

        var after = request.Parameter("after");
        var collections = lists.Lists.Where(list => after is null || string.CompareOrdinal(list.Name, after) > 0).Take(CollectionsAtOnce + 1).ToList();
        return ConsoleAnswers.Object(
            writer =>
            {
                writer.WriteString("id", bucket.IsDefaultBucket ? OwnBuckets.Default : bucket.Name);
                if (found is null)
                {
                    writer.WriteNull("modified");
                }
                else
                {
                    writer.WriteNumber("modified", found.Modified.Milliseconds);
                    writer.WritePropertyName("data");
                    writer.WriteRawValue(found.Body.Span, skipInputValidation: true);
                }

                writer.WriteStartArray("collections");
                foreach (var list in collections.Take(CollectionsAtOnce))
                {
                    writer.WriteStartObject();
                    writer.WriteString("id", list.Name);
                    writer.WriteNumber("modified", list.Stamp.Milliseconds);
                    writer.WriteNumber("records", list.Count);
                    writer.WriteNumber("bytes", list.Bytes);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteString("next", collections.Count > CollectionsAtOnce ? collections[CollectionsAtOnce - 1].Name : null);
            },
            (found?.Size ?? 0) + (collections.Count * 100L));
    }

    public async ValueTask<Answer> DeleteAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        var (operation, refusal) = Removal.Read(request, ObjectRef.Bucket);
        return operation is null ? refusal!
            : await FindAsync(request, cancellationToken) is not { } bucket ? ConsoleAnswers.Of(ConsoleError.NoResource)
            : Removal.Of((await own.AskAsync(request.User, bucket, cancellationToken, operation))[0]);
    }

    private ValueTask<BucketId?> FindAsync(ConsoleRequest request, CancellationToken cancellationToken) => own.FindAsync(request.User, request.Inner.Values["bucket"], cancellationToken);
}
