using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary><c>_fields=a,b.c</c>: the parts of the data that an answer shows. <c>id</c> and <c>last_modified</c> are always shown.</summary>
internal sealed class FieldSelection
{
    private readonly Dictionary<string, FieldSelection> children = new(StringComparer.Ordinal);
    private bool all;

    public static FieldSelection Parse(string fields)
    {
        var root = new FieldSelection();
        foreach (var field in fields.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var node = root;
            foreach (var name in field.Split('.'))
            {
                if (!node.children.TryGetValue(name, out var child))
                {
                    node.children[name] = child = new FieldSelection();
                }

                node = child;
            }

            node.all = true;
        }

        return root;
    }

    /// <returns>The body with only the selected fields; values keep their bytes.</returns>
    public ReadOnlyMemory<byte> Apply(ReadOnlyMemory<byte> body)
    {
        using var document = JsonText.Parse(body);
        var output = new ArrayBufferWriter<byte>();
        Write(document.RootElement, output);
        return output.WrittenMemory;
    }

    private void Write(JsonElement element, ArrayBufferWriter<byte> output)
    {
        output.Write("{"u8);
        var first = true;
        foreach (var property in element.EnumerateObject())
        {
            if (!children.TryGetValue(property.Name, out var selected)
                || (!selected.all && property.Value.ValueKind != JsonValueKind.Object))
            {
                continue;
            }

            output.Write(first ? "\""u8 : ",\""u8);
            first = false;
            output.Write(JsonMarshal.GetRawUtf8PropertyName(property));
            output.Write("\":"u8);
            if (selected.all)
            {
                output.Write(JsonMarshal.GetRawUtf8Value(property.Value));
            }
            else
            {
                selected.Write(property.Value, output);
            }
        }

        output.Write("}"u8);
    }
}
