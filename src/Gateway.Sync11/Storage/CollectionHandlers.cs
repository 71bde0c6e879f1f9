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

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Handlers for the records of a collection.</summary>
internal sealed class CollectionHandlers(StorageCalls bucket, RecordHandlers records, InfoHandlers info, Sync11Options options)
{
    // Bytes of a larger answer that are held in memory at a time.
    private const int ChunkRecords = 1_000;
    private const long ChunkBytes = 4L << 20;
    private const int PieceBytes = 32 << 10;

    public async ValueTask<Answer> GetAsync(StorageRequest request, CancellationToken cancellationToken)
    {
        if (request.Collection is not { } list)
        {
            return WeaveAnswers.NotFound;
        }

        if (ListParameters.Read(request.Query) is not { } parameters)
        {
            return WeaveAnswers.Text(400, "Bad query");
        }

        var query = parameters.Query with
        {
            Limit = parameters.IsSifted ? ChunkRecords : Math.Min(parameters.Limit ?? ChunkRecords, ChunkRecords),
            MaxBytes = ChunkBytes,
        };
        var outcome = await bucket.AskAsync(request, new ListRecords(list, query), cancellationToken);
        if (outcome is not PageFound page)
        {
            return WeaveAnswers.Refused(outcome);
        }

        var form = WeaveListWriter.FormOf(request.Header("Accept"));
        var sieve = new Sieve(parameters);
        List<StoredRecord> first = [.. sieve.Of(page.Records)];
        var isWhole = page.Next is null || sieve.IsFull;

        // Later pieces reuse the room of the first one: a list that has begun needs no more room to finish.
        var size = isWhole ? AnswerSizes.Of(page.Records) : Math.Max(bucket.Sizes.Most(query), AnswerSizes.OfStreamed(page.Records));
        if (!request.Room.TryKeep(size))
        {
            return WeaveAnswers.Unavailable;
        }

        request.Http.Features.Set(new AnswerStamp(page.ListStamp, IsWrite: false));
        var writer = new WeaveListWriter(form, parameters.IsFull);
        var type = KeyValuePair.Create("Content-Type", WeaveListWriter.TypeOf(form));
        return isWhole
            ? new Answer(200)
            {
                Headers = [type, KeyValuePair.Create("X-Weave-Records", first.Count.ToString(CultureInfo.InvariantCulture))],
                Body = output =>
                {
                    first.ForEach(record => writer.Write(output, record));
                    writer.End(output);
                },
                Size = size,
            }
            : new Answer(200)
            {
                Headers = [type],
                Stream = (output, stopped) => StreamAsync(request, list, query, (first, page.Next), sieve, size, writer, output, stopped),
                Size = size,
            };
    }

    /// <summary>Stores records; a PUT of records does the same.</summary>
    public async ValueTask<Answer> PostAsync(StorageRequest request, CancellationToken cancellationToken)
    {
        // :: Step 1: read the request.
        if (request.Collection is not { } list)
        {
            return WeaveAnswers.NotFound;
        }

        if (!request.TryPrecondition(PreconditionScope.List, out var precondition))
        {
            return WeaveAnswers.Text(400, "Bad X-If-Unmodified-Since");
        }

        var (posted, code) = WboReader.ReadMany(request.Body, options.MaxRecordPayloadBytes, 10 * options.MaxPostRecords);
        if (posted is null)
        {
            return WeaveAnswers.Error(code);
        }

        if (posted.IsOne)
        {
            return await records.MergeAsync(request, new MergeRecords(list, [posted.Items[0].Change]) { Precondition = precondition }, cancellationToken);
        }

        // :: Step 2: store the storable records. Without any, no collection is made.
        var (changes, failed) = Sift(posted.Items);
        var outcome = changes.Count == 0
            ? await JudgeAsync(request, list, precondition, cancellationToken)
            : await bucket.AskAsync(
                request, new MergeRecords(list, changes) { Quota = request.QuotaOr(options.QuotaBytes) ?? long.MaxValue, Precondition = precondition }, cancellationToken);
        if (outcome is not (RecordsMerged or ListsFound))
        {
            return WeaveAnswers.Refused(outcome);
        }

        // :: Step 3: report the outcome of each record.
        var size = AnswerSizes.OfResults(posted.Items.Count);
        request.Room.Keep(size);
        var merged = outcome as RecordsMerged;
        var stamp = merged?.ListStamp ?? info.Now((ListsFound)outcome);
        var answer = WeaveAnswers.Object(request.Http, stamp, isWrite: true, writer =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName("modified");
            writer.WriteRawValue(SyncTime.Text(stamp));
            WriteResults(writer, changes, failed);
            writer.WriteEndObject();
        }) with { Size = size };
        return merged is null ? answer : answer.WithQuota(merged);
    }

    /// <summary>Deletes the collection, or only the records that the query selects.</summary>
    public async ValueTask<Answer> DeleteAsync(StorageRequest request, CancellationToken cancellationToken)
    {
        if (request.Collection is not { } list)
        {
            return WeaveAnswers.NotFound;
        }

        // A deletion that would need several pages is refused: all records are deleted at once, or none.
        if (ListParameters.Read(request.Query) is not { IsSifted: false } parameters
            || !request.TryPrecondition(parameters.IsFiltered ? PreconditionScope.List : PreconditionScope.Contents, out var precondition))
        {
            return WeaveAnswers.Text(400, "Bad query or X-If-Unmodified-Since");
        }

        Operation operation = parameters.IsFiltered
            ? new DeleteRecords(list, parameters.Query with { Limit = parameters.Limit ?? int.MaxValue }) { Precondition = precondition }
            : new DeleteRecord(ObjectRef.Collection(list.Name)) { Precondition = precondition };
        var outcomes = await bucket.AskAsync(request, [operation, new ReadLists(Exact: false)], cancellationToken);
        return (outcomes[0], outcomes[1]) switch
        {
            (RecordDeleted deleted, _) => WeaveAnswers.Written(request.Http, deleted.Tombstone.Modified),
            (RecordsDeleted deleted, _) when deleted.ListStamp.Milliseconds > 0 => WeaveAnswers.Written(request.Http, deleted.ListStamp),
            (Missing or RecordsDeleted, ListsFound found) => WeaveAnswers.Written(request.Http, info.Now(found)),
            var (outcome, _) => WeaveAnswers.Refused(outcome),
        };
    }

    /// <summary>Tests a precondition and does nothing else.</summary>
    /// <returns>The collections if it holds.</returns>
    private async ValueTask<Outcome> JudgeAsync(StorageRequest request, ListRef list, Precondition precondition, CancellationToken cancellationToken)
    {
        var query = new ListQuery { Limit = 1, Projection = Projection.Metadata };
        var outcomes = await bucket.AskAsync(request, [new ListRecords(list, query) { Precondition = precondition }, new ReadLists(Exact: false)], cancellationToken);
        return outcomes[0] is PageFound ? outcomes[1] : outcomes[0];
    }

    /// <summary>Separates storable records from others, in order, up to the limits of one POST.</summary>
    private (List<RecordChange> Changes, List<KeyValuePair<string, string>> Failed) Sift(IReadOnlyList<(RecordChange Change, string? Problem)> items)
    {
        var (changes, failed, bytes) = (new List<RecordChange>(), new List<KeyValuePair<string, string>>(), 0L);
        foreach (var (change, problem) in items)
        {
            var length = change.Body?.Length ?? 0;
            var reason = problem
                ?? (changes.Count == options.MaxPostRecords ? "retry wbo" : bytes + length > options.MaxPostBytes ? "retry bytes" : null);
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

    /// <summary>
    /// Writes a list piece by piece, and waits until each piece is sent. The list contains nothing that was written after its first piece was
    /// read.
    /// </summary>
    private async ValueTask StreamAsync(
        StorageRequest request, ListRef list, ListQuery query, (IEnumerable<StoredRecord> Records, PageCursor? Next) piece, Sieve sieve, long size, WeaveListWriter writer,
        PipeWriter output, CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var record in piece.Records)
            {
                writer.Write(output, record);
                if (output.UnflushedBytes >= PieceBytes)
                {
                    await output.FlushAsync(cancellationToken);
                }
            }

            if (piece.Next is null || sieve.IsFull)
            {
                break;
            }

            await output.FlushAsync(cancellationToken);
            piece = ([], piece.Next);
            var outcome = await bucket.AskInRoomAsync(request, new ListRecords(list, query with { Cursor = piece.Next }), cancellationToken);
            if (outcome is not PageFound page)
            {
                throw new StoreUnavailableException("A list could not be read to its end.");
            }

            size = Math.Max(size, AnswerSizes.OfStreamed(page.Records));
            if (!request.Room.TryEnd(size))
            {
                throw new StoreUnavailableException("A list that was begun found no room to be ended.");
            }

            piece = (sieve.Of(page.Records), page.Next);
        }

        writer.End(output);
        await output.FlushAsync(cancellationToken);
    }

    /// <summary>Writes faults as a list of reasons for each record.</summary>
    private static void WriteResults(Utf8JsonWriter writer, List<RecordChange> changes, List<KeyValuePair<string, string>> failed)
    {
        writer.WriteStartArray("success");
        changes.ForEach(change => writer.WriteStringValue(change.Id));
        writer.WriteEndArray();
        writer.WriteStartObject("failed");
        foreach (var reasons in failed.GroupBy(static item => item.Key, static item => item.Value, StringComparer.Ordinal))
        {
            writer.WriteStartArray(reasons.Key);
            foreach (var reason in reasons)
            {
                writer.WriteStringValue(reason);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
