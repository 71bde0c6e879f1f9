using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Json;

/// <summary>
/// A JSON value that can be changed. Objects and arrays are taken apart level by level, where somebody looks into them; all
/// else stays the bytes it came as, and is written as them.
/// </summary>
internal sealed class JsonTree
{
    // Not looked at any more once it has been taken apart.
    private readonly JsonElement source;
    private JsonMembers? members;
    private JsonItems? items;

    /// <param name="source">Its document must live for as long as the tree.</param>
    public JsonTree(JsonElement source) => this.source = source;

    public JsonTree(JsonMembers members) => this.members = members;

    /// <summary>Null when it is no object.</summary>
    public JsonMembers? Members => members ??= source.ValueKind == JsonValueKind.Object ? new JsonMembers(source) : null;

    /// <summary>Null when it is no array.</summary>
    public JsonItems? Items => items ??= source.ValueKind == JsonValueKind.Array ? new JsonItems(source) : null;

    private bool IsWhole => members is null && items is null;

    /// <summary>As <see cref="JsonEquality.Same"/>.</summary>
    public bool Same(JsonElement other)
    {
        if (IsWhole && source.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
        {
            return JsonEquality.Same(source, other);
        }

        // Taken apart first: what is compared again and again with something small must not be gone through each time.
        return other.ValueKind switch
        {
            JsonValueKind.Object => Members is { } own && own.Count == other.GetPropertyCount()
                && other.EnumerateObject().All(member => own.TryGet(member.Name, out var value) && value.Same(member.Value)),
            JsonValueKind.Array => Items is { } own && own.Count == other.GetArrayLength()
                && own.Zip(other.EnumerateArray(), static (item, value) => item.Same(value)).All(static same => same),
            _ => false,
        };
    }

    /// <param name="output">Where to.</param>
    /// <param name="depth">In how many objects and arrays it lies.</param>
    /// <exception cref="JsonException">It is nested deeper than <see cref="JsonText"/> reads.</exception>
    public void Write(IBufferWriter<byte> output, int depth = 0)
    {
        if (IsWhole)
        {
            output.Write(JsonMarshal.GetRawUtf8Value(source));
            return;
        }

        // Values moved into each other nest without end, and the stack has one.
        if (depth == JsonText.MaxDepth)
        {
            throw new JsonException($"More than {JsonText.MaxDepth} objects and arrays lie in each other.");
        }

        if (members is not null)
        {
            members.Write(output, depth + 1);
        }
        else
        {
            items!.Write(output, depth + 1);
        }
    }
}
