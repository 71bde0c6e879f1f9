using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync15;

/// <summary>Handlers for the records of a collection.</summary>
internal sealed class CollectionHandlers(BucketCalls bucket, AnswerSizes sizes, Sync15Options options)
{
    // Bytes of a larger answer that are held in memory at a time.
    private const int ChunkRecords = 1_000;
    private const long ChunkBytes = 4L << 20;
    private const int SkippedAtOnce = 5_000;
    private const int PieceBytes = 32 << 10;

    public async ValueTask<Answer> GetAsync(SyncRequest request, CancellationToken cancellationToken)
    {
        if (request.Collection() is not { } collection)
        {
            return SyncAnswers.NotFound;
        }

        if (ListParameters.Read(request.Query) is not { } parameters || !request.TryPrecondition(PreconditionScope.List, out var precondition))
        {
            return SyncAnswers.BadRequest();
        }

        if (MediaTypes.OfAnswer(request.Header("Accept")) is not { } type)
        {
            return SyncAnswers.Error(406, SyncCode.Other);
        }

        var list = ListRef.RecordsOf(collection);
        var limit = parameters.Limit ?? int.MaxValue;
        var query = parameters.Query with { Limit = Math.Min(limit, ChunkRecords), MaxBytes = ChunkBytes };
        var outcome = await bucket.AskAsync(request, new ListRecords(list, query) { Precondition = precondition }, cancellationToken);
        if (outcome is not PageFound page)
        {
            return SyncAnswers.Refused(request, outcome);
        }

        // Later pieces reuse the room of the first one: a list that has begun needs no more room to finish.
        var isWhole = page.Next is null || page.Records.Count == limit;
        var size = isWhole ? AnswerSizes.Of(page.Records) : Math.Max(sizes.Most(query), AnswerSizes.OfStreamed(page.Records));
        if (!request.Room.TryKeep(size))
        {
            return SyncAnswers.Unavailable;
        }

        request.Stamp(page.ListStamp, isWrite: false);
        List<KeyValuePair<string, string>> headers =
            [KeyValuePair.Create("Content-Type", type), KeyValuePair.Create(SyncAnswers.LastModified, SyncTime.Text(page.ListStamp))];
        var isFull = parameters.IsFull;
        if (isWhole)
        {
            headers.Add(KeyValuePair.Create("X-Weave-Records", page.Records.Count.ToString(CultureInfo.InvariantCulture)));
            if (page.Next is { } next)
            {
                headers.Add(KeyValuePair.Create("X-Weave-Next-Offset", ListOffset.Text(next, query.Order)));
            }

            return new Answer(200)
            {
                Headers = headers,
                Body = output =>
                {
                    var writer = new ListWriter(type is SyncAnswers.Newlines, isFull);
                    foreach (var record in page.Records)
                    {
                        writer.Write(output, record);
                    }

                    writer.End(output);
                },
                Size = size,
            };
        }

        // The answer is larger than one piece. The end of the client's own page must be known before the first byte is sent.
        if (parameters.Limit is not null && await EndOfPageAsync(request, list, query, page, limit, cancellationToken) is { } end)
        {
            headers.Add(KeyValuePair.Create("X-Weave-Next-Offset", ListOffset.Text(end, query.Order)));
        }

        return new Answer(200)
        {
            Headers = headers,
            Stream = (output, stopped) => StreamAsync(request, list, query, page, limit, size, new ListWriter(type is SyncAnswers.Newlines, isFull), output, stopped),
            Size = size,
        };
    }

    /// <summary>Stores records: at once, or as parts of a batch that is stored as a whole with its last one.</summary>
    public async ValueTask<Answer> PostAsync(SyncRequest request, CancellationToken cancellationToken)
    {
        // :: Step 1: read the request.
        if (request.Collection() is not { } collection)
        {
            return SyncAnswers.NotFound;
        }

        if (!request.TryPrecondition(PreconditionScope.List, out var precondition)
            || !request.Query.TryGetOnly("batch", out var batch) || !request.Query.TryGetOnly("commit", out var commit)
            || (commit is not null && (batch is null || !IsTrue(commit))))
        {
            return SyncAnswers.BadRequest();
        }

        if (AnnouncedTooMuch(request) is { } refusal)
        {
            return refusal;
        }

        if (MediaTypes.OfBody(request.Header("Content-Type")) is not { } type)
        {
            return SyncAnswers.Error(415, SyncCode.Other);
        }

        // :: Step 2: the records.
        if (RecordReader.ReadMany(request.Body, type is SyncAnswers.Newlines) is not { } read
            || read.Exists(item => item.Problem is null && RecordReader.IsUnusableKey(collection, item.Change)))
        {
            return SyncAnswers.BadRequest(SyncCode.InvalidRecord);
        }

        var (changes, failed) = Sift(read);

        // :: Step 3: store them.
        var list = ListRef.RecordsOf(collection);
        var opens = batch is not null && (batch.Length == 0 || IsTrue(batch));
        var upload = batch is null || (opens && commit is not null) ? null : opens ? Guid.NewGuid().ToString("N") : batch;
        Operation operation = upload is not null && commit is null
            ? new StageChanges(list, upload, changes)
            {
                Opens = opens, MaxRecords = options.MaxTotalRecords, MaxBytes = options.MaxTotalBytes, Precondition = precondition,
            }
            : new MergeRecords(list, changes)
            {
                Upload = upload, Quota = request.QuotaOr(options.QuotaBytes) is > 0 and var quota ? quota : long.MaxValue, Precondition = precondition,
            };
        var outcome = await bucket.AskAsync(request, operation, cancellationToken);
        var size = AnswerSizes.OfResults(changes.Count + failed.Count);
        if (outcome is RecordsMerged or ChangesStaged)
        {
            request.Room.Keep(size);
        }

        return outcome switch
        {
            RecordsMerged merged => SyncAnswers.Merged(request, merged, writer =>
            {
                writer.WriteStartObject();
                writer.WritePropertyName("modified");
                writer.WriteRawValue(SyncTime.Text(merged.ListStamp));
                WriteResults(writer, changes, failed);
            }) with { Size = size },
            ChangesStaged staged => SyncAnswers.Object(request, 202, staged.ListStamp, isWrite: false, writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("batch", upload);
                WriteResults(writer, changes, failed);
            }) with { Size = size },
            Missing => SyncAnswers.BadRequest(),
            TooLarge when operation is StageChanges => SyncAnswers.BadRequest(SyncCode.SizeLimit),
            _ => SyncAnswers.Refused(request, outcome),
        };
    }

    /// <summary>Deletes the collection, or only the records that <c>ids</c> names.</summary>
    public async ValueTask<Answer> DeleteAsync(SyncRequest request, CancellationToken cancellationToken)
    {
        if (request.Collection() is not { } collection)
        {
            return SyncAnswers.NotFound;
        }

        if (!ListParameters.TryIds(request.Query, out var ids)
            || !request.TryPrecondition(ids is null ? PreconditionScope.Contents : PreconditionScope.List, out var precondition))
        {
            return SyncAnswers.BadRequest();
        }

        Operation operation = ids is null
            ? new DeleteRecord(ObjectRef.Collection(collection)) { Precondition = precondition }
            : new DeleteRecords(ListRef.RecordsOf(collection), new ListQuery { Ids = ids, Limit = int.MaxValue }) { Precondition = precondition };
        var outcomes = await bucket.AskAsync(request, [operation, new ReadLists(Exact: false)], cancellationToken);
        return (outcomes[0], outcomes[1]) switch
        {
            (RecordDeleted deleted, _) => SyncAnswers.Modified(request, deleted.Tombstone.Modified, isWrite: true),
            (RecordsDeleted deleted, _) when deleted.ListStamp.Milliseconds > 0 => SyncAnswers.Modified(request, deleted.ListStamp, isWrite: true),
            (Missing or RecordsDeleted, ListsFound found) => SyncAnswers.Modified(request, found.Stamp, isWrite: false),
            var (outcome, _) => SyncAnswers.Refused(request, outcome),
        };
    }

    /// <summary>Separates storable records from others, in order, up to the limits of one POST.</summary>
    private (List<RecordChange> Changes, List<KeyValuePair<string, string>> Failed) Sift(List<(RecordChange Change, string? Problem)> read)
    {
        var (changes, failed, bytes) = (new List<RecordChange>(), new List<KeyValuePair<string, string>>(), 0L);
        foreach (var (change, problem) in read)
        {
            var length = change.Body?.Length ?? 0;
            var reason = problem
                ?? (length > options.MaxRecordPayloadBytes || bytes + length > options.MaxPostBytes ? "retry bytes"
                    : changes.Count == options.MaxPostRecords ? "retry bso" : null);
            if (reason is not null)
            {
                failed.Add(KeyValuePair.Create(change.Id, reason));
                continue;
            }

            changes.Add(change);
            bytes += length;
        }

        return (changes, failed);
    }

    /// <summary>The sizes that a client announces, for this request and for the whole batch.</summary>
    private Answer? AnnouncedTooMuch(SyncRequest request)
    {
        foreach (var (name, most) in new (string, long)[]
        {
            ("X-Weave-Records", options.MaxPostRecords), ("X-Weave-Bytes", options.MaxPostBytes),
            ("X-Weave-Total-Records", options.MaxTotalRecords), ("X-Weave-Total-Bytes", options.MaxTotalBytes),
        })
        {
            if (request.Header(name) is not { } text)
            {
                continue;
            }

            if (!uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var announced))
            {
                return SyncAnswers.BadRequest();
            }

            if (announced > most)
            {
                return SyncAnswers.BadRequest(SyncCode.SizeLimit);
            }
        }

        return null;
    }

    /// <returns>The end of the page that the client asked for; null when nothing comes after it.</returns>
    private async ValueTask<PageCursor?> EndOfPageAsync(
        SyncRequest request, ListRef list, ListQuery query, PageFound first, int limit, CancellationToken cancellationToken)
    {
        var (next, left) = (first.Next, limit - first.Records.Count);
        while (next is not null && left > 0)
        {
            var skipping = query with { Projection = Projection.Metadata, MaxBytes = long.MaxValue, Limit = Math.Min(left, SkippedAtOnce), Cursor = next };
            var page = PageOf(await bucket.AskAsync(request, new ListRecords(list, skipping), cancellationToken));
            request.Room.Lapse();
            (next, left) = (page.Next, left - page.Records.Count);
        }

        return next;
    }

    /// <summary>
    /// Writes a list piece by piece, and waits until each piece is sent. The list contains nothing that was written after its first piece was
    /// read.
    /// </summary>
    private async ValueTask StreamAsync(
        SyncRequest request, ListRef list, ListQuery query, PageFound first, int limit, long size, ListWriter writer, PipeWriter output, CancellationToken cancellationToken)
    {
        var (records, next, left) = (first.Records, first.Next, limit);
        while (true)
        {
            foreach (var record in records)
            {
                writer.Write(output, record);
                if (output.UnflushedBytes >= PieceBytes)
                {
                    await output.FlushAsync(cancellationToken);
                }
            }

            left -= records.Count;
            if (next is null || left == 0)
            {
                break;
            }

            await output.FlushAsync(cancellationToken);
            records = [];
            var following = new ListRecords(list, query with { Limit = Math.Min(left, ChunkRecords), Cursor = next });
            (records, _, next) = PageOf(await bucket.AskInRoomAsync(request, following, cancellationToken));
            size = Math.Max(size, AnswerSizes.OfStreamed(records));
            if (!request.Room.TryEnd(size))
            {
                throw new StoreUnavailableException("A list that was begun found no room to be ended.");
            }
        }

        writer.End(output);
        await output.FlushAsync(cancellationToken);
    }

    private static PageFound PageOf(Outcome outcome) => outcome as PageFound ?? throw new StoreUnavailableException("A list could not be read to its end.");

    private static void WriteResults(Utf8JsonWriter writer, List<RecordChange> changes, List<KeyValuePair<string, string>> failed)
    {
        writer.WriteStartArray("success");
        changes.ForEach(change => writer.WriteStringValue(change.Id));
        writer.WriteEndArray();
        writer.WriteStartObject("failed");
        failed.ForEach(item => writer.WriteString(item.Key, item.Value));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static bool IsTrue(string text) => string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);
}
