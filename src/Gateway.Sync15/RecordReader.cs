using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync15;

/// <summary>Reads records as clients send them.</summary>
public static partial class RecordReader
{
    private const int MaxSortIndex = 999_999_999;
    private const int MaxLifetime = 999_999_999;

    /// <summary>The body of a PUT.</summary>
    /// <param name="body">JSON.</param>
    /// <param name="id">The record's id.</param>
    /// <returns>Null when it is not a record.</returns>
    internal static RecordChange? ReadOne(ReadOnlyMemory<byte> body, string id)
    {
        try
        {
            using var document = JsonText.Parse(body);
            return Read(document.RootElement, id, out var problem) is { } change && problem is null ? change : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The body of a POST.</summary>
    /// <param name="body">A list in JSON, or a record a line.</param>
    /// <param name="inLines">Which of the two.</param>
    /// <returns>The records in order, each with its fault; null when it is not a list of objects with their own ids.</returns>
    internal static List<(RecordChange Change, string? Problem)>? ReadMany(ReadOnlyMemory<byte> body, bool inLines)
    {
        try
        {
            var read = new List<(RecordChange, string?)>();
            var ids = new HashSet<string>(StringComparer.Ordinal);
            if (!inLines)
            {
                using var document = JsonText.Parse(body);
                return document.RootElement.ValueKind == JsonValueKind.Array && document.RootElement.EnumerateArray().All(item => Add(item, read, ids)) ? read : null;
            }

            while (body.Length > 0)
            {
                var end = body.Span.IndexOf((byte)'\n');
                using var document = JsonText.Parse(end < 0 ? body : body[..end]);
                if (!Add(document.RootElement, read, ids))
                {
                    return null;
                }

                body = end < 0 ? default : body[(end + 1)..];
            }

            return read;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>
    /// Whether it is a bundle of keys that was encrypted without its random part. A faulty client once made such bundles, and all data
    /// encrypted with them would be lost.
    /// </summary>
    public static bool IsUnusableKey(string collection, RecordChange change) =>
        collection is "crypto" && change.Body is { } body && EmptyVector().IsMatch(Encoding.UTF8.GetString(body.Span));

    private static bool Add(JsonElement item, List<(RecordChange, string?)> read, HashSet<string> ids)
    {
        if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("id", out var value)
            || JsonText.Read(value) is not { } id || !ids.Add(id))
        {
            return false;
        }

        var change = Read(item, id, out var problem);
        read.Add((change ?? new RecordChange(id), SyncNames.IsId(id) ? problem : "invalid id"));
        return true;
    }

    /// <param name="item">An object: the changes of a record.</param>
    /// <param name="id">The record's id.</param>
    /// <param name="problem">Its fault, in a few words; null for none.</param>
    /// <param name="ignored">A field that is ignored, other than the known ones; null for none.</param>
    /// <returns>Null when the item is no object.</returns>
    public static RecordChange? Read(JsonElement item, string id, out string? problem, string? ignored = null)
    {
        problem = null;
        if (item.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var change = new RecordChange(id);
        foreach (var member in item.EnumerateObject())
        {
            var value = member.Value;
            switch (member.Name)
            {
                case "id":
                    problem = value.ValueKind == JsonValueKind.String ? problem : "invalid id";
                    break;
                case "modified" or "collection":
                case var name when string.Equals(name, ignored, StringComparison.Ordinal):
                    break;
                case "payload" or "sortindex" or "ttl" when value.ValueKind == JsonValueKind.Null:
                    break;
                case "payload":
                    var payload = JsonText.Read(value);
                    problem = payload is null ? "invalid payload" : problem;
                    change = change with { Body = payload is null ? null : Encoding.UTF8.GetBytes(payload) };
                    break;
                case "sortindex":
                    var weight = Integer(value, -MaxSortIndex, MaxSortIndex);
                    problem = weight is null ? "invalid sortindex" : problem;
                    change = change with { SortIndex = weight };
                    break;
                case "ttl":
                    var lifetime = Integer(value, 0, MaxLifetime);
                    problem = lifetime is null ? "invalid ttl" : problem;
                    change = change with { Lifetime = lifetime };
                    break;
                default:
                    problem = "unknown field";
                    break;
            }
        }

        return change;
    }

    private static int? Integer(JsonElement value, int min, int max) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max ? number : null;

    [GeneratedRegex("\"IV\":\\s*\"AAAAAAAAAAAAAAAAAAAAAA==\"", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex EmptyVector();
}
