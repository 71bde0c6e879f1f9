using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Console.Own;

/// <summary>
/// JSON lines of what a user has made: one for each bucket, group, collection and record, written page by page as it is read. The last line says that nothing is
/// missing: <c>{"type": "end", "objects": 3}</c>.
/// </summary>
internal sealed class ExportedLines(OwnBuckets own, Principal user, Utf8JsonWriter writer, PipeWriter output)
{
    private const int ObjectsAtOnce = 500;
    private const long BytesAtOnce = 1 << 20;

    private long written;

    /// <exception cref="StoreUnavailableException">Not all could be read: the last line is missing.</exception>
    public async ValueTask WriteAsync(CancellationToken cancellationToken)
    {
        string? last = null;
        bool more;
        do
        {
            var rows = await own.ListAsync(user, last, ObjectsAtOnce, cancellationToken);
            foreach (var entry in rows.Entries.Where(static entry => !entry.IsDeleted))
            {
                await WriteBucketAsync(entry.Id, cancellationToken);
            }

            last = rows.Entries.Count == 0 ? last : rows.Entries[^1].Id.Name;
            more = rows.More;
        }
        while (more);

        writer.WriteStartObject();
        writer.WriteString("type", "end");
        writer.WriteNumber("objects", written);
        EndLine();
        await output.FlushAsync(cancellationToken);
    }

    private async ValueTask WriteBucketAsync(BucketId bucket, CancellationToken cancellationToken)
    {
        var name = bucket.IsDefaultBucket ? OwnBuckets.Default : bucket.Name;
        if ((await own.AskAsync(user, bucket, cancellationToken, new ReadRecord(ObjectRef.Bucket)))[0] is not RecordFound { Record: var found })
        {
            return;
        }

        Write("bucket", name, collection: null, name, found);
        await WriteListAsync("group", bucket, name, ListRef.Groups, collection: null, cancellationToken);
        await foreach (var page in PagesAsync(bucket, ListRef.Collections, cancellationToken))
        {
            foreach (var collection in page.Records)
            {
                Write("collection", name, collection: null, collection.Id, collection);
                await WriteListAsync("record", bucket, name, ListRef.RecordsOf(collection.Id), collection.Id, cancellationToken);
            }
        }
    }

    private async ValueTask WriteListAsync(string type, BucketId bucket, string name, ListRef list, string? collection, CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(bucket, list, cancellationToken))
        {
            foreach (var record in page.Records)
            {
                Write(type, name, collection, record.Id, record);
            }

            await output.FlushAsync(cancellationToken);
        }
    }

    private void Write(string type, string bucket, string? collection, string id, StoredRecord record)
    {
        writer.WriteStartObject();
        writer.WriteString("type", type);
        writer.WriteString("bucket", bucket);
        if (collection is not null)
        {
            writer.WriteString("collection", collection);
        }

        writer.WriteString("id", id);
        writer.WriteNumber("last_modified", record.Modified.Milliseconds);
        writer.WritePropertyName("data");
        writer.WriteRawValue(record.Body.Span, skipInputValidation: true);
        if (AccessList.Read(record.Acl) is { NamesNobody: false } access)
        {
            WriteRights(access);
        }

        EndLine();
        written++;
    }

    private void WriteRights(AccessList access)
    {
        writer.WriteStartObject("permissions");
        foreach (var right in Enum.GetValues<Right>().Where(right => access[right].Count > 0))
        {
            writer.WriteStartArray(PermissionNames.Of(right));
            foreach (var principal in access[right].Select(PrincipalText.Public).Distinct(StringComparer.Ordinal))
            {
                writer.WriteStringValue(principal);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private void EndLine()
    {
        writer.WriteEndObject();
        writer.Flush();
        writer.Reset();
        output.GetSpan(1)[0] = (byte)'\n';
        output.Advance(1);
    }

    private async IAsyncEnumerable<PageFound> PagesAsync(BucketId bucket, ListRef list, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PageCursor? cursor = null;
        do
        {
            // By ids, and each page as the list then is: what is changed meanwhile is neither left out nor there twice.
            var query = new ListQuery { Limit = ObjectsAtOnce, MaxBytes = BytesAtOnce, Sort = [new SortField("id", Descending: false)], Cursor = cursor };
            if ((await own.AskAsync(user, bucket, cancellationToken, new ListRecords(list, query)))[0] is not PageFound page)
            {
                yield break;
            }

            yield return page;
            cursor = page.Next is { } next ? next with { ListStamp = PageCursor.Unbounded } : null;
        }
        while (cursor is not null);
    }
}
