using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Syncto.Storage;

/// <summary>A storage that lies elsewhere: asks it by Sync 1.5, with requests that are signed.</summary>
/// <param name="client">The way there.</param>
/// <param name="token">Of the storage.</param>
/// <param name="agent">Who asks, for its log.</param>
/// <param name="who">Whom requests are counted for.</param>
/// <param name="forget">What to do when the token is taken no more; null for nothing.</param>
internal sealed class RemoteStorage(RemoteClient client, HawkCredentials token, string agent, string who, Action? forget) : ISyncStorage
{
    private const int MaxTextLength = 200;
    private const int MaxAgentLength = 200;
    private const int MaxBackoff = 86_400;

    public async ValueTask<StorageReply> ListAsync(
        string collection, SyncQuery query, Conditions conditions, AnswerRoom room, CancellationToken cancellationToken)
    {
        var reply = await SendAsync("GET", $"{Path(collection)}?{query.Text}", json: null, conditions, room, cancellationToken);
        return reply.Status != 200 || query.Excluded.Count == 0 ? reply with { Total = query.IsLimited ? null : reply.Total }
            : reply with { Records = [.. reply.Records.Where(record => !query.Excluded.Contains(record.Id, StringComparer.Ordinal))], Total = null };
    }

    public ValueTask<StorageReply> ReadAsync(
        string collection, string id, Conditions conditions, AnswerRoom room, CancellationToken cancellationToken) =>
        SendAsync("GET", Path(collection, id), json: null, conditions, room, cancellationToken);

    public async ValueTask<StorageReply> WriteAsync(
        string collection, RecordChange change, Conditions conditions, bool isPatch, AnswerRoom room, CancellationToken cancellationToken)
    {
        if (isPatch && await ReadAsync(collection, change.Id, Conditions.None, room, cancellationToken) is { Status: not 200 } missing)
        {
            return missing;
        }

        var written = await SendAsync("PUT", Path(collection, change.Id), Json(change), conditions with { ModifiedSince = null }, room, cancellationToken);
        if (written.Status == 412)
        {
            return await WithExistingAsync(written, collection, change.Id, room, cancellationToken);
        }

        return !isPatch || written.Status != 200 ? written
            : await ReadAsync(collection, change.Id, Conditions.None, room, cancellationToken) is { Status: 200 } read ? read with { Stamp = written.Stamp } : written;
    }

    public async ValueTask<StorageReply> DeleteAsync(
        string collection, string id, Conditions conditions, AnswerRoom room, CancellationToken cancellationToken)
    {
        var deleted = await SendAsync("DELETE", Path(collection, id), json: null, conditions with { ModifiedSince = null }, room, cancellationToken);
        return deleted.Status == 412 ? await WithExistingAsync(deleted, collection, id, room, cancellationToken) : deleted;
    }

    public async ValueTask<StorageReply> CollectionsAsync(AnswerRoom room, CancellationToken cancellationToken) =>
        await SendAsync("GET", "/info/collections", json: null, Conditions.None, room, cancellationToken);

    private static string Path(string collection, string? id = null) => $"/storage/{collection}" + (id is null ? "" : "/" + Uri.EscapeDataString(id));

    private async ValueTask<StorageReply> WithExistingAsync(
        StorageReply refused, string collection, string id, AnswerRoom room, CancellationToken cancellationToken) =>
        await ReadAsync(collection, id, Conditions.None, room, cancellationToken) is { Status: 200, Records: [var existing], Size: var size }
            ? refused with { Existing = existing, Size = size }
            : refused;

    private async ValueTask<StorageReply> SendAsync(
        string method, string path, byte[]? json, Conditions conditions, AnswerRoom room, CancellationToken cancellationToken)
    {
        // What comes is as it was received, and once more as records.
        if (!await room.PromiseAsync(2L * client.MaxAnswerBytes, cancellationToken))
        {
            return StorageReply.Unavailable;
        }

        var url = new Uri(token.Endpoint + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var headers = new List<(string, string)>
        {
            ("Authorization", HawkHeader.Authorization(token.Id, token.Key, method, url, client.Time.GetUtcNow().ToUnixTimeSeconds())),
            ("User-Agent", $"Lockstep/{ServerVersion.Version} (on behalf of {Printable(agent, MaxAgentLength)})"),
        };
        if (conditions.ModifiedSince is { } modified)
        {
            headers.Add(("X-If-Modified-Since", SyncTime.Text(modified)));
        }

        if (conditions.UnmodifiedSince is { } unmodified)
        {
            headers.Add(("X-If-Unmodified-Since", SyncTime.Text(unmodified)));
        }

        var reply = await client.SendAsync(who, method, url, json, headers, cancellationToken) is { } answer ? Read(method, path, answer) : StorageReply.Nothing;
        if (reply.Status == 401)
        {
            forget?.Invoke();
        }

        room.Keep(reply.Size);
        return reply;
    }

    private static StorageReply Read(string method, string path, RemoteAnswer answer)
    {
        var header = answer.Header;
        var reply = new StorageReply((int)answer.Status)
        {
            Stamp = SyncTime.TryParse(header("X-Last-Modified"), out var stamp) ? stamp : null,
            Next = header("X-Weave-Next-Offset"),
            Total = long.TryParse(header("X-Weave-Records"), NumberStyles.None, CultureInfo.InvariantCulture, out var total) ? total : null,
            QuotaRemaining = header("X-Weave-Quota-Remaining") is { } quota ? Printable(quota, MaxTextLength) : null,
            Alert = header("X-Weave-Alert") is { } alert ? Printable(alert, 10 * MaxTextLength) : null,
            Backoff = int.TryParse(header("X-Weave-Backoff") ?? header("X-Backoff"), NumberStyles.None, CultureInfo.InvariantCulture, out var backoff) ? Math.Min(backoff, MaxBackoff) : 0,
        };
        if (reply.Status is not 200)
        {
            return reply with { Text = Printable(Encoding.UTF8.GetString(answer.Body.Span[..Math.Min(answer.Body.Length, MaxTextLength)]), MaxTextLength) };
        }

        try
        {
            return method is not "GET" ? Written(reply, answer) : Found(reply, path, answer.Body);
        }
        catch (JsonException)
        {
            return StorageReply.Nothing;
        }
    }

    private static StorageReply Written(StorageReply reply, RemoteAnswer answer)
    {
        // A bare stamp, or {"modified":…}.
        using var document = JsonText.Parse(answer.Body);
        var root = document.RootElement;
        root = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("modified", out var modified) ? modified : root;
        return reply.Stamp is not null ? reply
            : root.ValueKind == JsonValueKind.Number && SyncTime.TryParse(root.GetRawText(), out var stamp) ? reply with { Stamp = stamp }
            : StorageReply.Nothing;
    }

    private static StorageReply Found(StorageReply reply, string path, ReadOnlyMemory<byte> body)
    {
        using var document = JsonText.Parse(body);
        var root = document.RootElement;
        if (path.StartsWith("/info/", StringComparison.Ordinal))
        {
            return root.ValueKind != JsonValueKind.Object ? StorageReply.Nothing
                : reply with { Collections = [.. root.EnumerateObject().Where(static item => SyncNames.IsCollection(item.Name)).Select(static item => new ListSummary(item.Name, Stamp(item.Value), 0, 0))], Size = body.Length };
        }

        IEnumerable<JsonElement> items = root.ValueKind == JsonValueKind.Array ? root.EnumerateArray() : [root];
        return reply with { Records = [.. items.Select(Record)], Size = 2L * body.Length };
    }

    private static StoredRecord Record(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("id", out var id) || JsonText.Read(id) is not { } name || !SyncNames.IsId(name)
            || !item.TryGetProperty("modified", out var modified) || !item.TryGetProperty("payload", out var payload) || JsonText.Read(payload) is not { } text)
        {
            throw new JsonException("It is no record.");
        }

        return new StoredRecord
        {
            Id = name,
            Modified = Stamp(modified),
            Body = Encoding.UTF8.GetBytes(text),
            SortIndex = item.TryGetProperty("sortindex", out var weight) && weight.ValueKind == JsonValueKind.Number && weight.TryGetInt32(out var number) ? number : null,
        };
    }

    private static ServerTimestamp Stamp(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && SyncTime.TryParse(value.GetRawText(), out var stamp) ? stamp : throw new JsonException("It is no stamp.");

    private static byte[] Json(RecordChange change)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            writer.WriteString("id", change.Id);
            if (change.Body is { } payload)
            {
                writer.WriteString("payload", payload.Span);
            }

            if (change.SortIndex is { } weight)
            {
                writer.WriteNumber("sortindex", weight);
            }

            if (change.Lifetime is { } seconds)
            {
                writer.WriteNumber("ttl", seconds);
            }

            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>What a header or a message may have in it.</summary>
    private static string Printable(string text, int length) =>
        string.Concat(text.Where(static c => c is >= ' ' and <= '~').Take(length));
}
