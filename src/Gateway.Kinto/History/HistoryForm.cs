using System.Buffers;
using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.History;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto.History;

/// <summary>Entries in Kinto's form, whose <c>target</c> is the object after the change.</summary>
/// <remarks>Kinto: docs/api/1.x/history.rst.</remarks>
public sealed class HistoryForm : IHistoryForm
{
    // Nesting of the data's own objects and arrays. Here two others enclose it, and readers of entries go no deeper than for any object.
    private const int MaxDepth = JsonText.MaxDepth - 4;

    private const string Field = "history";

    private readonly KintoHistoryOptions options;
    private readonly HashSet<string> resources;
    private readonly HashSet<string> users;

    public HistoryForm(KintoHistoryOptions options) =>
        (this.options, resources, users) = (options, Split(options.ExcludedResources), Split(options.ExcludedUsers));

    public bool KeepsByDefault => options.ByDefault;

    public bool LetsChoose => options.MayBeSwitched;

    /// <summary>Whether entries have a field of that name. All fields are strings, except <c>target</c> and <c>last_modified</c>.</summary>
    public static bool HasField(string name) => name is
        "id" or "last_modified" or "action" or "date" or "user_id" or "uri" or "resource_name" or "bucket_id" or "collection_id" or "group_id" or "record_id" or "target";

    public HistoryChoice Read(ReadOnlyMemory<byte> data)
    {
        // Most make no choice, and need not be read.
        if (data.Span.IndexOf("\"history\""u8) < 0 && !data.Span.Contains((byte)'\\'))
        {
            return default;
        }

        using var document = JsonText.ParseAgain(data);
        return !document.RootElement.TryGetProperty(Field, out var said) ? default : said.ValueKind switch
        {
            JsonValueKind.True => new HistoryChoice(null, true),
            JsonValueKind.False => new HistoryChoice(null, false),
            JsonValueKind.Null => default,
            _ => new HistoryChoice(new Refused("body", $"data.{Field}", "should be true or false"), null),
        };
    }

    public bool Keeps(BucketId bucket, ObjectRef target, string? user)
    {
        if (users.Count > 0 && user is not null && users.Contains(user))
        {
            return false;
        }

        if (resources.Count == 0)
        {
            return true;
        }

        var uri = Uri(bucket, target);
        return !resources.Contains(uri) && !resources.Contains(Uri(bucket, ObjectRef.Bucket))
            && (target.List.Role != ListRole.Records || !resources.Contains(Uri(bucket, ObjectRef.Collection(target.List.Name))));
    }

    public ReadOnlyMemory<byte> Write(HistoryChange change)
    {
        var (target, record) = (change.Target, change.Record);
        var id = target.List.Role == ListRole.Self ? change.Bucket.Name : target.Id;
        var resource = KintoTarget.NameOf(target.List.Role);
        var output = new ArrayBufferWriter<byte>(512 + record.Length);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("action", change.Action switch
            {
                HistoryAction.Create => "create",
                HistoryAction.Update => "update",
                _ => "delete",
            });
            json.WriteString("date", Date(record));
            json.WriteString("user_id", change.User ?? PrincipalText.Everyone);
            json.WriteString("uri", Uri(change.Bucket, target));
            json.WriteString("resource_name", resource);
            if (target.List.Role == ListRole.Records)
            {
                json.WriteString("collection_id", target.List.Name);
            }

            json.WriteString(resource + "_id", id);
            json.WriteStartObject("target");
            json.WritePropertyName("data");
            var data = new ArrayBufferWriter<byte>(128 + record.Length);
            KintoWriter.WriteData(data, id, IsTooDeep(record.Body.Span) ? record with { Body = RecordData.EmptyObject } : record, fields: null);
            json.WriteRawValue(data.WrittenSpan, skipInputValidation: true);
            json.WriteStartObject("permissions");
            KintoWriter.WriteRights(json, change.Access);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return output.WrittenMemory;
    }

    private static string Uri(BucketId bucket, ObjectRef target) => target.List.Role switch
    {
        ListRole.Self => $"/buckets/{bucket.Name}",
        ListRole.Collections => $"/buckets/{bucket.Name}/collections/{target.Id}",
        ListRole.Groups => $"/buckets/{bucket.Name}/groups/{target.Id}",
        _ => $"/buckets/{bucket.Name}/collections/{target.List.Name}/records/{target.Id}",
    };

    /// <summary>The stamp as an instant, in Kinto's format.</summary>
    private static string Date(StoredRecord record)
    {
        const long largest = 253402300799999;
        return DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(record.Modified.Milliseconds, largest))
            .ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static bool IsTooDeep(ReadOnlySpan<byte> body)
    {
        // Most bodies do not even have that many brackets in all.
        if (body.Count((byte)'{') + body.Count((byte)'[') <= MaxDepth)
        {
            return false;
        }

        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = JsonText.MaxDepth });
        while (reader.Read())
        {
            if (reader.CurrentDepth >= MaxDepth)
            {
                return true;
            }
        }

        return false;
    }

    private static HashSet<string> Split(string list) =>
        list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);
}
