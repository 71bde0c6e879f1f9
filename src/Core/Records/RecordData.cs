using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lockstep.Core.Records;

/// <summary>The data of an object as a client sends it, split into the two fields of the server and the rest as stored.</summary>
/// <param name="Body">UTF-8 JSON object without <c>id</c> and <c>last_modified</c>; names and values are the sender's bytes.</param>
/// <param name="Id">The <c>id</c> field; null when absent.</param>
/// <param name="LastModified">The <c>last_modified</c> field when it is an integer that fits; any other is dropped.</param>
public sealed record RecordData(ReadOnlyMemory<byte> Body, string? Id, long? LastModified)
{
    /// <summary>The body of an object without fields.</summary>
    public static readonly ReadOnlyMemory<byte> EmptyObject = "{}"u8.ToArray();

    /// <summary>The data of a write without <c>data</c> where there is nothing to keep.</summary>
    public static readonly RecordData Empty = new(EmptyObject, null, null);

    /// <param name="data">A JSON object without repeated names (the parser refuses those).</param>
    /// <returns>Null when <c>id</c> is not a string.</returns>
    public static RecordData? From(JsonElement data)
    {
        // :: Step 1: the server's fields, and the length of the rest: drivers and serializers take a whole array.
        string? id = null;
        long? lastModified = null;
        var length = 2;
        foreach (var property in data.EnumerateObject())
        {
            if (property.NameEquals("id"u8))
            {
                id = JsonText.Read(property.Value);
                if (id is null)
                {
                    return null;
                }
            }
            else if (property.NameEquals("last_modified"u8))
            {
                lastModified = property.Value.ValueKind == JsonValueKind.Number
                    && property.Value.TryGetInt64(out var value) ? value : null;
            }
            else
            {
                length += (length > 2 ? 1 : 0) + JsonMarshal.GetRawUtf8PropertyName(property).Length + 3 + JsonMarshal.GetRawUtf8Value(property.Value).Length;
            }
        }

        // :: Step 2: the rest.
        var body = GC.AllocateUninitializedArray<byte>(length);
        body[0] = (byte)'{';
        var end = 1;
        foreach (var property in data.EnumerateObject())
        {
            if (!property.NameEquals("id"u8) && !property.NameEquals("last_modified"u8))
            {
                Append(body, ref end, end > 1 ? ",\""u8 : "\""u8);
                Append(body, ref end, JsonMarshal.GetRawUtf8PropertyName(property));
                Append(body, ref end, "\":"u8);
                Append(body, ref end, JsonMarshal.GetRawUtf8Value(property.Value));
            }
        }

        body[end] = (byte)'}';
        return new RecordData(body, id, lastModified);
    }

    private static void Append(byte[] body, ref int end, ReadOnlySpan<byte> part)
    {
        part.CopyTo(body.AsSpan(end));
        end += part.Length;
    }
}
