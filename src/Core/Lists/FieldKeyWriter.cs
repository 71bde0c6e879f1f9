using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Lists;

/// <summary>
/// Makes the keys of an index on a field: those of <see cref="SortKey"/>, truncated. A smaller value never has a greater key. Values with the same key may still differ, so
/// every row that an index finds is checked again. Not thread-safe.
/// </summary>
/// <param name="path">The field, nested by dots.</param>
internal sealed class FieldKeyWriter(string path)
{
    /// <summary>Maximal bytes of a key. A key of this length may have been truncated.</summary>
    public const int MaxLength = 256;

    private readonly SortKey key = new(1, MaxLength);
    private readonly string[] names = path.Split('.');

    /// <param name="data">The data of a live record.</param>
    public byte[] Of(JsonElement data)
    {
        foreach (var name in names)
        {
            if (data.ValueKind != JsonValueKind.Object || !data.TryGetProperty(name, out data))
            {
                return OfValue(default(JsonElement));
            }
        }

        return OfValue(data);
    }

    /// <param name="record">A live record, with its body.</param>
    public byte[] Of(StoredRecord record)
    {
        using var document = JsonText.ParseAgain(record.Body);
        return Of(document.RootElement);
    }

    /// <param name="value">A value; undefined for a missing one.</param>
    public byte[] OfValue(JsonElement value)
    {
        key.Add(value, isDescending: false);
        return key.Take();
    }

    /// <param name="json">A value.</param>
    public byte[] OfValue(string json)
    {
        using var document = JsonText.ParseAgain(Encoding.UTF8.GetBytes(json));
        return OfValue(document.RootElement);
    }
}
