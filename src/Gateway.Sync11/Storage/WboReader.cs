using System.Globalization;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>
/// Reads Weave Basic Objects as clients send them. Numbers in place of texts and texts in place of numbers are accepted, and unknown fields are ignored.
/// <c>parentid</c> and <c>predecessorid</c> are checked but not stored, since Sync 1.1 has dropped them.
/// </summary>
internal static class WboReader
{
    private const int MaxIdLength = 64;
    private const int MaxSortIndex = 999_999_999;
    private const int MaxLifetime = 31_536_000;

    /// <summary>Reads the body of a PUT of one record.</summary>
    /// <param name="body">JSON.</param>
    /// <param name="id">The record's id, whatever the body says.</param>
    /// <param name="maxPayloadBytes">Bytes that its payload may have.</param>
    /// <returns>The change, or the number of the error.</returns>
    public static (RecordChange? Change, int Code) ReadOne(ReadOnlyMemory<byte> body, string id, int maxPayloadBytes)
    {
        try
        {
            using var document = JsonText.Parse(body);
            var item = document.RootElement;
            if (item.ValueKind != JsonValueKind.Object)
            {
                return (null, WeaveCode.InvalidRecord);
            }

            var (change, problem) = Read(item, id, maxPayloadBytes);
            return problem is null ? ((RecordChange?)change, 0) : (null, WeaveCode.InvalidRecord);
        }
        catch (JsonException)
        {
            return (null, WeaveCode.NoJson);
        }
    }

    /// <summary>Reads the body of a POST: a list, or one object, which means a PUT of its id.</summary>
    /// <param name="body">JSON.</param>
    /// <param name="maxPayloadBytes">Bytes that a payload may have.</param>
    /// <param name="maxRecords">The most records. Of a longer list, none is read.</param>
    /// <returns>The records, each with its fault if it has one, or the number of the error.</returns>
    public static (Posted? Posted, int Code) ReadMany(ReadOnlyMemory<byte> body, int maxPayloadBytes, int maxRecords)
    {
        try
        {
            using var document = JsonText.Parse(body);
            var root = document.RootElement;
            switch (root.ValueKind)
            {
                case JsonValueKind.Array when root.GetArrayLength() <= maxRecords:
                    return (new Posted([.. root.EnumerateArray().Select(item => ReadItem(item, maxPayloadBytes))], IsOne: false), 0);
                case JsonValueKind.Object when ReadItem(root, maxPayloadBytes) is (var change, null) && !change.Id.Contains('/', StringComparison.Ordinal):
                    return (new Posted([(change, null)], IsOne: true), 0);
                default:
                    return (null, WeaveCode.InvalidRecord);
            }
        }
        catch (JsonException)
        {
            return (null, WeaveCode.NoJson);
        }
    }

    private static (RecordChange Change, string? Problem) ReadItem(JsonElement item, int maxPayloadBytes) =>
        item.ValueKind != JsonValueKind.Object ? (new RecordChange(""), "invalid wbo")
        : !item.TryGetProperty("id", out var value) || Text(value) is not { } id || !SyncNames.IsId(id) ? (new RecordChange(""), "invalid id")
        : Read(item, id, maxPayloadBytes);

    private static (RecordChange Change, string? Problem) Read(JsonElement item, string id, int maxPayloadBytes)
    {
        var change = new RecordChange(id);
        string? problem = null;
        foreach (var member in item.EnumerateObject())
        {
            var value = member.Value;
            if (value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            switch (member.Name)
            {
                case "parentid" or "predecessorid":
                    problem ??= Text(value) is { Length: <= MaxIdLength } ? null : $"invalid {member.Name}";
                    break;
                case "sortindex":
                    var weight = Integer(value, -MaxSortIndex, MaxSortIndex);
                    problem ??= weight is null ? "invalid sortindex" : null;
                    change = change with { SortIndex = weight };
                    break;
                case "ttl":
                    var lifetime = Integer(value, 0, MaxLifetime);
                    problem ??= lifetime is null ? "invalid ttl" : null;
                    change = change with { Lifetime = lifetime };
                    break;
                case "payload" when JsonText.Read(value) is { } payload:
                    var bytes = Encoding.UTF8.GetBytes(payload);
                    problem ??= bytes.Length > maxPayloadBytes ? "payload too large" : null;
                    change = change with { Body = bytes };
                    break;
                case "payload":
                    problem ??= "payload not a string";
                    break;
            }
        }

        return (change, problem);
    }

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.Number ? value.GetRawText() : JsonText.Read(value);

    /// <summary>Cuts off the digits after the point.</summary>
    private static int? Integer(JsonElement value, int min, int max) =>
        value.ValueKind is JsonValueKind.Number or JsonValueKind.String && Text(value) is { } text
        && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && decimal.Truncate(number) is var whole && whole >= min && whole <= max
            ? (int)whole
            : null;

    /// <param name="Items">The records in order, each with its fault; null for none.</param>
    /// <param name="IsOne">Whether the body was one object and not a list.</param>
    public sealed record Posted(IReadOnlyList<(RecordChange Change, string? Problem)> Items, bool IsOne);
}
