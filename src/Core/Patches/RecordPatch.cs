using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Core.Patches;

/// <summary>Applies a partial change to a record's data. A pure function: the owner calls it with what is there.</summary>
public static class RecordPatch
{
    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 1000 };

    /// <returns>
    /// The new data, with <see cref="RecordData.LastModified"/> only where the patch asks for one; or what is wrong with
    /// the patch.
    /// </returns>
    public static (RecordData? Data, Invalid? Invalid) Apply(PatchKind kind, StoredRecord existing, ReadOnlyMemory<byte> patch)
    {
        try
        {
            return kind switch
            {
                PatchKind.Shallow => Checked(existing, Overwrite(existing, patch)),
                PatchKind.Merge => Checked(existing, Merge(existing, patch)),
                PatchKind.Operations => Checked(existing, JsonPatch.Apply(ToNode(existing), Parse(patch))),
                _ => throw new ArgumentOutOfRangeException(nameof(kind)),
            };
        }
        catch (JsonPatchException e)
        {
            return (null, new Invalid("body", null, $"JSON Patch operation failed: {e.Message}"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            // Too deep, a string that is not Unicode where the patch must take strings apart, a number beyond comparison.
            return (null, new Invalid("body", null, "The patch does not lead to valid JSON."));
        }
    }

    private static (RecordData? Data, Invalid? Invalid) Checked(StoredRecord existing, ReadOnlyMemory<byte> result)
    {
        using var document = JsonText.Parse(result);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return (null, new Invalid("body", "data", "data must be an object"));
        }

        var data = RecordData.From(document.RootElement);
        if (data is null || (data.Id is not null && !string.Equals(data.Id, existing.Id, StringComparison.Ordinal)))
        {
            return (null, new Invalid("body", "id", "Object id does not match existing object"));
        }

        return (data with { LastModified = data.LastModified == existing.Modified.Milliseconds ? null : data.LastModified }, null);
    }

    /// <summary>Copies bytes, so that what the patch does not name stays exactly as it was sent.</summary>
    private static ReadOnlyMemory<byte> Overwrite(StoredRecord existing, ReadOnlyMemory<byte> patch)
    {
        using var old = JsonText.Parse(existing.Body);
        using var changes = JsonText.Parse(patch);
        var replaced = changes.RootElement.EnumerateObject().Select(property => property.Name).ToHashSet(StringComparer.Ordinal);
        var result = new ArrayBufferWriter<byte>(existing.Body.Length + patch.Length);
        result.Write("{"u8);
        foreach (var property in old.RootElement.EnumerateObject().Where(property => !replaced.Contains(property.Name))
            .Concat(changes.RootElement.EnumerateObject()))
        {
            result.Write(result.WrittenCount > 1 ? ",\""u8 : "\""u8);
            result.Write(JsonMarshal.GetRawUtf8PropertyName(property));
            result.Write("\":"u8);
            result.Write(JsonMarshal.GetRawUtf8Value(property.Value));
        }

        result.Write("}"u8);
        return result.WrittenMemory;
    }

    private static byte[] Merge(StoredRecord existing, ReadOnlyMemory<byte> patch) =>
        ToBytes(MergeInto(ToNode(existing), Parse(patch)));

    /// <summary>RFC 7396, section 2.</summary>
    private static JsonNode? MergeInto(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var result = target as JsonObject ?? [];
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                result.Remove(name);
            }
            else
            {
                var old = result[name];
                result.Remove(name);
                result[name] = MergeInto(old, value);
            }
        }

        return result;
    }

    private static JsonObject ToNode(StoredRecord record)
    {
        var data = Parse(record.Body)!.AsObject();
        data["id"] = record.Id;
        data["last_modified"] = record.Modified.Milliseconds;
        return data;
    }

    private static JsonNode? Parse(ReadOnlyMemory<byte> json)
    {
        using var document = JsonText.Parse(json);
        return document.RootElement.ValueKind switch
        {
            JsonValueKind.Object => JsonObject.Create(document.RootElement.Clone()),
            JsonValueKind.Array => JsonArray.Create(document.RootElement.Clone()),
            _ => null,
        };
    }

    private static byte[] ToBytes(JsonNode? node) => Encoding.UTF8.GetBytes(node?.ToJsonString(Unescaped) ?? "null");

    private static (RecordData? Data, Invalid? Invalid) Checked(StoredRecord existing, JsonNode? result) =>
        Checked(existing, (ReadOnlyMemory<byte>)ToBytes(result));
}
