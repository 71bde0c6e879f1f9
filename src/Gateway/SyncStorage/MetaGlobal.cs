using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>
/// The record <c>global</c> of the collection <c>meta</c>, which clients of Sync write without encryption: <c>{"syncID": …, "storageVersion": 5, "engines": {"bookmarks": {"version": 2,
/// "syncID": …}, …}, …}</c>.
/// </summary>
/// <remarks>Firefox: services/sync/modules/service.sys.mjs, <c>_remoteSetup</c>; engines.sys.mjs, <c>ensureCurrentSyncID</c>.</remarks>
public static class MetaGlobal
{
    private const string SyncId = "syncID";

    // Firefox: Utils.makeGUID.
    private const int IdBytes = 9;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Gives the storage and each of its engines new ids. A client that finds an unknown id forgets what it has synced, gets all records, and uploads those that the server does not have.
    /// </summary>
    /// <param name="payload">The record's payload.</param>
    /// <returns>Null if it has no id. A client that finds none empties the storage, and the server must not cause that.</returns>
    public static ReadOnlyMemory<byte>? WithNewIds(ReadOnlyMemory<byte> payload)
    {
        JsonObject? global;
        try
        {
            global = JsonNode.Parse(payload.Span) as JsonObject;
            if (global?[SyncId] is not JsonValue id || !id.TryGetValue<string>(out _))
            {
                return null;
            }
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // ArgumentException: a name occurs twice.
            return null;
        }

        global[SyncId] = NewId();
        foreach (var engine in (global["engines"] as JsonObject ?? []).Select(static engine => engine.Value).OfType<JsonObject>().Where(static engine => engine.ContainsKey(SyncId)).ToList())
        {
            engine[SyncId] = NewId();
        }

        return JsonSerializer.SerializeToUtf8Bytes(global, Plain);
    }

    private static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes));
}
