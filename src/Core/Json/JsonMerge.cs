using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lockstep.Core.Json;

/// <summary>
/// Puts one JSON object over another. Members that the upper one does not name go through byte for byte, in their order; then
/// come its own. Linear in the two together.
/// </summary>
public static class JsonMerge
{
    /// <param name="output">Gets the merged object.</param>
    /// <param name="lower">An object; anything else counts as one without members.</param>
    /// <param name="upper">An object.</param>
    /// <param name="rule">What happens to a member that both have, and to null.</param>
    public static void Write(IBufferWriter<byte> output, JsonElement lower, JsonElement upper, JsonMergeRule rule) =>
        Write(output, lower, upper, rule, new JsonWork());

    internal static void Write(IBufferWriter<byte> output, JsonElement lower, JsonElement upper, JsonMergeRule rule, JsonWork work)
    {
        // What the lower one has under the names of the upper one.
        var covered = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in upper.EnumerateObject())
        {
            work.Spend();
            covered[member.Name] = default;
        }

        output.Write("{"u8);
        var first = true;
        if (lower.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in lower.EnumerateObject())
            {
                work.Spend();
                ref var old = ref CollectionsMarshal.GetValueRefOrNullRef(covered, member.Name);
                if (Unsafe.IsNullRef(ref old))
                {
                    WriteName(output, member, ref first);
                    output.Write(JsonMarshal.GetRawUtf8Value(member.Value));
                }
                else
                {
                    old = member.Value;
                }
            }
        }

        foreach (var member in upper.EnumerateObject())
        {
            if (rule == JsonMergeRule.MergePatch && member.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            WriteName(output, member, ref first);
            var old = covered[member.Name];
            if (member.Value.ValueKind == JsonValueKind.Object
                && (rule == JsonMergeRule.MergePatch || (rule == JsonMergeRule.Deep && old.ValueKind == JsonValueKind.Object)))
            {
                Write(output, old, member.Value, rule, work);
            }
            else
            {
                output.Write(JsonMarshal.GetRawUtf8Value(member.Value));
            }
        }

        output.Write("}"u8);
    }

    private static void WriteName(IBufferWriter<byte> output, JsonProperty member, ref bool first)
    {
        output.Write(first ? "\""u8 : ",\""u8);
        first = false;
        output.Write(JsonMarshal.GetRawUtf8PropertyName(member));
        output.Write("\":"u8);
    }
}
