using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// The short answers of PATCH: <c>light</c> shows the fields that the patch changed, <c>diff</c> those of them that ended
/// up other than the patch asked for.
/// </summary>
internal static class ChangedFields
{
    public static void Write(IBufferWriter<byte> output, RecordWritten written, bool diff, ReadOnlyMemory<byte> patch, string writer)
    {
        using var now = JsonText.Parse(written.Record.Body);
        using var before = JsonText.Parse(written.Previous?.Body ?? RecordData.EmptyObject);
        using var asked = JsonText.Parse(patch);
        var (previous, wishes) = (Members(before.RootElement), diff ? Members(asked.RootElement) : []);
        output.Write("{\"data\":{"u8);
        var first = true;
        foreach (var property in now.RootElement.EnumerateObject())
        {
            if (IsSame(previous, property) || IsSame(wishes, property))
            {
                continue;
            }

            output.Write(first ? "\""u8 : ",\""u8);
            first = false;
            output.Write(JsonMarshal.GetRawUtf8PropertyName(property));
            output.Write("\":"u8);
            output.Write(JsonMarshal.GetRawUtf8Value(property.Value));
        }

        output.Write("}"u8);
        KintoWriter.WritePermissions(output, writer);
        output.Write("}"u8);
    }

    /// <summary>By their names, each of which <see cref="JsonElement.TryGetProperty(string, out JsonElement)"/> would search for.</summary>
    private static Dictionary<string, JsonElement> Members(JsonElement element) => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject().ToDictionary(property => property.Name, property => property.Value, StringComparer.Ordinal)
        : [];

    private static bool IsSame(Dictionary<string, JsonElement> members, JsonProperty property) =>
        members.TryGetValue(property.Name, out var value) && JsonEquality.Same(value, property.Value);
}
