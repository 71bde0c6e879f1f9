using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Operations;
using Lockstep.Core.Time;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.SyncStorage;
using Lockstep.Gateway.Syncto.Opening;
using Lockstep.Gateway.Syncto.Storage;

namespace Lockstep.Gateway.Syncto;

/// <summary>Records, collections and the bucket: translates Kinto's requests to Sync's, and the answers back.</summary>
internal sealed class RecordHandlers(IStorageAccess access, SynctoOptions options)
{
    private const string Data = "data";

    /// <summary>The list's name in Syncto's documentation. All published versions call it <c>data</c>.</summary>
    private const string Items = "items";

    public async ValueTask<SynctoResponse> ListAsync(SynctoRequest request, CancellationToken cancellationToken)
    {
        var (query, bad) = SyncQuery.Read(request.Query, options.MaxPageRecords);
        var (storage, conditions, error) = query is null ? (null, null, bad) : await OpenAsync(request, cancellationToken);
        if (storage is null)
        {
            return error!;
        }

        var reply = await storage.ListAsync(request.Collection, query!, conditions!, request.Room, cancellationToken);
        if (reply.Status != 200)
        {
            return SynctoErrors.Of(reply, isWrite: false);
        }

        var key = request.IsShort ? Items : Data;
        var response = Of(reply) with { Body = output => RecordWriter.WriteList(output, key, reply.Records) };
        if (reply.Total is { } total)
        {
            response = response.With("Total-Records", total.ToString(CultureInfo.InvariantCulture));
        }

        return reply.Next is { } next ? response.With("Next-Page", Url(request) + SyncQuery.Next(request.QueryText, next)) : response;
    }

    public async ValueTask<SynctoResponse> GetAsync(SynctoRequest request, CancellationToken cancellationToken)
    {
        var (storage, conditions, error) = await OpenAsync(request, cancellationToken);
        if (storage is null)
        {
            return error!;
        }

        var reply = await storage.ReadAsync(request.Collection, request.Record, conditions!, request.Room, cancellationToken);
        return reply is { Status: 200, Records: [var record] } ? Of(reply) with { Body = output => WriteData(output, () => RecordWriter.Write(output, record)) }
            : SynctoErrors.Of(reply, isWrite: false);
    }

    /// <summary>
    /// PUT and PATCH. Both change the given fields and keep the others, as Sync's PUT does. PUT answers the sent fields, PATCH the
    /// whole record, which must exist.
    /// </summary>
    public async ValueTask<SynctoResponse> WriteAsync(SynctoRequest request, CancellationToken cancellationToken)
    {
        var (storage, conditions, error) = await OpenAsync(request, cancellationToken);
        if (storage is null)
        {
            return error!;
        }

        var (change, bad) = RecordBody.Read(request);
        if (change is null)
        {
            return bad!;
        }

        var reply = await storage.WriteAsync(request.Collection, change, conditions!, request.Method is "PATCH", request.Room, cancellationToken);
        return reply.Status != 200 ? SynctoErrors.Of(reply, isWrite: true)
            : reply.Records is [var record] ? Of(reply) with { Body = output => WriteData(output, () => RecordWriter.Write(output, record)) }
            : Of(reply) with { Body = output => WriteData(output, () => WriteChange(output, change, reply.Stamp ?? default)) };
    }

    /// <summary>204, as in Syncto. In a batch 200 with a tombstone, since kinto.js reads each part's body.</summary>
    public async ValueTask<SynctoResponse> DeleteAsync(SynctoRequest request, CancellationToken cancellationToken)
    {
        var (storage, conditions, error) = await OpenAsync(request, cancellationToken);
        if (storage is null)
        {
            return error!;
        }

        var reply = await storage.DeleteAsync(request.Collection, request.Record, conditions!, request.Room, cancellationToken);
        return reply.Status != 200 ? SynctoErrors.Of(reply, isWrite: false)
            : !request.IsPart ? Of(reply) with { Status = 204 }
            : Of(reply) with { Body = output => WriteObject(output, request.Record, reply.Stamp ?? default, static writer => writer.WriteBoolean("deleted", value: true)) };
    }

    /// <summary>kinto.js requests this before each sync. A collection that does not exist is one without records, as in Sync.</summary>
    public async ValueTask<SynctoResponse> CollectionAsync(SynctoRequest request, CancellationToken cancellationToken)
    {
        var (storage, _, error) = await OpenAsync(request, cancellationToken);
        if (storage is null)
        {
            return error!;
        }

        var reply = await storage.CollectionsAsync(request.Room, cancellationToken);
        if (reply.Status != 200)
        {
            return SynctoErrors.Of(reply, isWrite: false);
        }

        var stamp = reply.Collections.FirstOrDefault(list => string.Equals(list.Name, request.Collection, StringComparison.Ordinal))?.Stamp ?? ServerTimestamp.Zero;
        return Of(reply) with { Stamp = stamp, Body = output => WriteObject(output, request.Collection, stamp) };
    }

    public async ValueTask<SynctoResponse> CollectionsAsync(SynctoRequest request, CancellationToken cancellationToken)
    {
        var (storage, _, error) = await OpenAsync(request, cancellationToken);
        if (storage is null)
        {
            return error!;
        }

        var reply = await storage.CollectionsAsync(request.Room, cancellationToken);
        return reply.Status != 200 ? SynctoErrors.Of(reply, isWrite: false) : Of(reply) with
        {
            Body = output =>
            {
                using var writer = new Utf8JsonWriter(output);
                writer.WriteStartObject();
                writer.WriteStartArray(Data);
                foreach (var list in reply.Collections)
                {
                    writer.WriteStartObject();
                    writer.WriteString("id", list.Name);
                    writer.WriteNumber("last_modified", list.Stamp.Milliseconds);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            },
        };
    }

    /// <summary>The checks that all requests share: who asks for which storage, whether the names are valid, and the conditions.</summary>
    private async ValueTask<(ISyncStorage? Storage, Conditions? Conditions, SynctoResponse? Error)> OpenAsync(
        SynctoRequest request, CancellationToken cancellationToken)
    {
        var (credentials, error) = Credentials.Read(request);
        if (credentials is null)
        {
            return (null, null, error);
        }

        (var storage, error) = await access.OpenAsync(request, credentials, cancellationToken);
        if (storage is null)
        {
            return (null, null, error);
        }

        if ((request.Collection.Length > 0 && !SyncNames.IsCollection(request.Collection)) || (SynctoPaths.HasRecord(request.Path) && !SyncNames.IsId(request.Record)))
        {
            return (null, null, SynctoErrors.Of(new StorageReply(404), isWrite: false));
        }

        (var conditions, error) = Conditions.Read(request);
        return conditions is null ? (null, null, error) : (storage, conditions, null);
    }

    private static SynctoResponse Of(StorageReply reply)
    {
        var response = new SynctoResponse(200) { Stamp = reply.Stamp, Backoff = reply.Backoff, Alert = reply.Alert, Size = reply.Size };
        return reply.QuotaRemaining is { } quota ? response.With("Quota-Remaining", quota) : response;
    }

    private static string Url(SynctoRequest request)
    {
        var url = new StringBuilder(request.BaseUrl);
        for (var i = 0; i < request.Path.Count; i++)
        {
            url.Append('/').Append(Uri.EscapeDataString(request.Path[i]));
        }

        return url.ToString();
    }

    private static void WriteData(IBufferWriter<byte> output, Action write)
    {
        output.Write("{\"data\":"u8);
        write();
        output.Write("}"u8);
    }

    private static void WriteChange(IBufferWriter<byte> output, RecordChange change, ServerTimestamp stamp)
    {
        output.Write("{\"id\":"u8);
        JsonOutput.WriteString(output, Encoding.ASCII.GetBytes(change.Id));
        output.Write(",\"last_modified\":"u8);
        output.Write(Encoding.ASCII.GetBytes(stamp.ToString()));
        if (change.Body is { } payload)
        {
            output.Write(",\"payload\":"u8);
            JsonOutput.WriteString(output, payload);
        }

        if (change.SortIndex is { } weight)
        {
            output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $",\"sortindex\":{weight}")));
        }

        if (change.Lifetime is { } seconds)
        {
            output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $",\"ttl\":{seconds}")));
        }

        output.Write("}"u8);
    }

    private static void WriteObject(IBufferWriter<byte> output, string id, ServerTimestamp stamp, Action<Utf8JsonWriter>? more = null)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteStartObject(Data);
        writer.WriteString("id", id);
        writer.WriteNumber("last_modified", stamp.Milliseconds);
        more?.Invoke(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
