using System.Text.Json;
using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Gateway.Sync15;

namespace Lockstep.Gateway.Syncto;

/// <summary>Reads <c>{"data":{…}}</c>, without other members. Ignores its <c>last_modified</c>.</summary>
internal static class RecordBody
{
    /// <param name="request">With a body.</param>
    /// <returns>Either the record or an error.</returns>
    public static (RecordChange? Change, SynctoResponse? Error) Read(SynctoRequest request)
    {
        if ((request.Header("Content-Type") ?? "application/json").Split(';')[0].Trim() is var type
            && !type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && !(request.Method is "PATCH" && type.Equals("application/merge-patch+json", StringComparison.OrdinalIgnoreCase)))
        {
            return (null, SynctoErrors.Invalid(415, "header", "Content-Type", "Content-Type header should be one of ['application/json']"));
        }

        try
        {
            using var document = JsonText.Parse(request.Body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object)
            {
                return (null, SynctoErrors.BadBody("data", "should be an object"));
            }

            if (root.EnumerateObject().FirstOrDefault(static member => !member.NameEquals("data"u8)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
            {
                return (null, SynctoErrors.BadBody(Shorten(unknown.Name), "unrecognized key"));
            }

            if (data.TryGetProperty("id", out var id) && JsonText.Read(id) != request.Record)
            {
                return (null, SynctoErrors.BadBody("data.id", "should be the record's"));
            }

            var change = RecordReader.Read(data, request.Record, out var problem, ignored: "last_modified")!;
            return problem is not null ? (null, SynctoErrors.BadBody("data", problem))
                : RecordReader.IsUnusableKey(request.Collection, change) ? (null, SynctoErrors.BadBody("data.payload", "is encrypted without its random part"))
                : (change, null);
        }
        catch (JsonException e)
        {
            return (null, SynctoErrors.BadJson(e));
        }
    }

    private static string Shorten(string name) => name.Length > 100 || name.Any(char.IsSurrogate) ? "a key" : name;
}
