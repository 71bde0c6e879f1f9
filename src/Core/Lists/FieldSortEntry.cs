using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Lists;

/// <summary>A record with the values it is sorted by. Values compare as PostgreSQL's jsonb does, a missing field last.</summary>
internal sealed class FieldSortEntry
{
    private readonly JsonElement[] keys;

    private FieldSortEntry(JsonElement[] keys, ServerTimestamp modified, string id, StoredRecord? record)
    {
        this.keys = keys;
        Modified = modified;
        Id = id;
        Record = record;
    }

    public ServerTimestamp Modified { get; }

    public string Id { get; }

    public StoredRecord? Record { get; }

    public static FieldSortEntry Of(StoredRecord record, IReadOnlyList<SortField> sort)
    {
        var values = new JsonElement[sort.Count];
        JsonElement data = default;
        if (!record.IsTombstone)
        {
            using var document = JsonText.Parse(record.Body);
            data = document.RootElement.Clone();
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i] = sort[i].Path switch
            {
                "id" => JsonSerializer.SerializeToElement(record.Id),
                "last_modified" => JsonSerializer.SerializeToElement(record.Modified.Milliseconds),
                "deleted" when record.IsTombstone => JsonSerializer.SerializeToElement(true),
                var path => Find(data, path),
            };
        }

        return new FieldSortEntry(values, record.Modified, record.Id, record);
    }

    /// <returns>Null when the cursor's keys are not what this sort would have written.</returns>
    public static FieldSortEntry? Of(PageCursor cursor, IReadOnlyList<SortField> sort)
    {
        try
        {
            using var document = JsonText.Parse(Encoding.UTF8.GetBytes(cursor.SortKeys ?? "[]"));
            var root = document.RootElement.Clone();
            if (root.ValueKind != JsonValueKind.Array || root.GetArrayLength() != sort.Count
                || root.EnumerateArray().Any(key => key.ValueKind != JsonValueKind.Array || key.GetArrayLength() > 1))
            {
                return null;
            }

            var values = root.EnumerateArray().Select(key => key.EnumerateArray().FirstOrDefault()).ToArray();
            return new FieldSortEntry(values, cursor.Modified, cursor.Id, record: null);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public string KeysAsJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write("["u8);
        for (var i = 0; i < keys.Length; i++)
        {
            buffer.Write(i == 0 ? "["u8 : ",["u8);
            if (keys[i].ValueKind != JsonValueKind.Undefined)
            {
                buffer.Write(JsonMarshal.GetRawUtf8Value(keys[i]));
            }

            buffer.Write("]"u8);
        }

        buffer.Write("]"u8);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static int Compare(FieldSortEntry a, FieldSortEntry b, IReadOnlyList<SortField> sort)
    {
        for (var i = 0; i < sort.Count; i++)
        {
            var order = JsonOrder.Compare(a.keys[i], b.keys[i]);
            if (order != 0)
            {
                return sort[i].Descending ? -order : order;
            }
        }

        var byModified = b.Modified.CompareTo(a.Modified);
        return byModified != 0 ? byModified : string.CompareOrdinal(b.Id, a.Id);
    }

    private static JsonElement Find(JsonElement data, string path)
    {
        foreach (var name in path.Split('.'))
        {
            if (data.ValueKind != JsonValueKind.Object || !data.TryGetProperty(name, out data))
            {
                return default;
            }
        }

        return data;
    }
}
