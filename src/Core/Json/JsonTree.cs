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
    public JsonMembers? Members(JsonWork work)
    {
        if (members is null && source.ValueKind == JsonValueKind.Object)
        {
            work.Spend(source.GetPropertyCount());
            members = new JsonMembers(source);
        }

        return members;
    }

    /// <summary>Null when it is no array.</summary>
    public JsonItems? Items(JsonWork work)
    {
        if (items is null && source.ValueKind == JsonValueKind.Array)
        {
            work.Spend(source.GetArrayLength());
            items = new JsonItems(source);
        }

        return items;
    }

    private bool IsWhole => members is null && items is null;

    /// <summary>As <see cref="JsonEquality.Same"/>; linear in the other.</summary>
    public bool Same(JsonElement other, JsonWork work)
    {
        if (IsWhole)
        {
            work.Spend(JsonMarshal.GetRawUtf8Value(other).Length);
            return JsonEquality.Same(source, other);
        }

        work.Spend();
        return other.ValueKind switch
        {
            JsonValueKind.Object => members is not null && members.Count == other.GetPropertyCount()
                && other.EnumerateObject().All(member => members.TryGet(member.Name, out var value) && value.Same(member.Value, work)),
            JsonValueKind.Array => items is not null && items.Count == other.GetArrayLength()
                && items.Zip(other.EnumerateArray(), (item, value) => item.Same(value, work)).All(static same => same),
            _ => false,
        };
    }

    /// <param name="output">Where to.</param>
    /// <param name="work">Counts what is written.</param>
    /// <param name="depth">In how many objects and arrays it lies.</param>
    /// <exception cref="JsonException">It is nested deeper than <see cref="JsonText"/> reads.</exception>
    public void Write(IBufferWriter<byte> output, JsonWork work, int depth = 0)
    {
        if (IsWhole)
        {
            var bytes = JsonMarshal.GetRawUtf8Value(source);
            work.Spend(bytes.Length);
            output.Write(bytes);
            return;
        }

        // Values moved into each other nest without end, and the stack has one.
        if (depth == JsonText.MaxDepth)
        {
            throw new JsonException($"More than {JsonText.MaxDepth} objects and arrays lie in each other.");
        }

        if (members is not null)
        {
            members.Write(output, work, depth + 1);
        }
        else
        {
            items!.Write(output, work, depth + 1);
        }
    }
}
