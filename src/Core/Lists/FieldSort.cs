using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Lists;

/// <summary>An order by fields of the data: makes the entries to sort, and the cursor of where a page ended.</summary>
/// <param name="fields">Most significant first.</param>
internal sealed class FieldSort(IReadOnlyList<SortField> fields)
{
    private readonly SortKey key = new(fields.Count);

    // The names in each path. Not used for the server's own fields.
    private readonly string[][] paths = [.. fields.Select(static field => field.Path.Split('.'))];

    public FieldSortEntry Of(StoredRecord record)
    {
        using var document = record.IsTombstone ? null : JsonText.ParseAgain(record.Body);
        for (var i = 0; i < fields.Count; i++)
        {
            var (path, isDescending) = fields[i];
            switch (path)
            {
                case "id":
                    key.Add(record.Id, isDescending);
                    break;
                case "last_modified":
                    key.Add(record.Modified.Milliseconds, isDescending);
                    break;
                case "deleted" when record.IsTombstone:
                    key.Add(value: true, isDescending);
                    break;
                default:
                    key.Add(FieldPath.Find(document, paths[i]), isDescending);
                    break;
            }
        }

        return new FieldSortEntry(key.Take(), record.Modified, record.Id, record);
    }

    /// <returns>Null when this sort cannot have written the cursor's keys.</returns>
    public FieldSortEntry? Of(PageCursor cursor)
    {
        try
        {
            using var document = JsonText.Parse(Encoding.UTF8.GetBytes(cursor.SortKeys ?? "[]"));
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Array || root.GetArrayLength() != fields.Count
                || root.EnumerateArray().Any(static value => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > 1))
            {
                return null;
            }

            foreach (var (value, field) in root.EnumerateArray().Zip(fields))
            {
                key.Add(value.EnumerateArray().FirstOrDefault(), field.Descending);
            }

            return new FieldSortEntry(key.Take(), cursor.Modified, cursor.Id, Record: null);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The values that the record is sorted by: a JSON array of arrays, an empty one for a missing field.</summary>
    public string ValuesOf(StoredRecord record)
    {
        using var document = record.IsTombstone ? null : JsonText.ParseAgain(record.Body);
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write("["u8);
        for (var i = 0; i < fields.Count; i++)
        {
            buffer.Write(i == 0 ? "["u8 : ",["u8);
            switch (fields[i].Path)
            {
                case "id":
                    JsonSerializer.Serialize(new Utf8JsonWriter(buffer), record.Id);
                    break;
                case "last_modified":
                    JsonSerializer.Serialize(new Utf8JsonWriter(buffer), record.Modified.Milliseconds);
                    break;
                case "deleted" when record.IsTombstone:
                    buffer.Write("true"u8);
                    break;
                default:
                    if (FieldPath.Find(document, paths[i]) is { ValueKind: not JsonValueKind.Undefined } value)
                    {
                        buffer.Write(JsonMarshal.GetRawUtf8Value(value));
                    }

                    break;
            }

            buffer.Write("]"u8);
        }

        buffer.Write("]"u8);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
