using System.Buffers;
using Lockstep.Core.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// The short answers of PATCH. <c>light</c> shows the fields that the patch changed, <c>diff</c> those of them that ended
/// up different from what the patch asked for.
/// </summary>
internal static class ChangedFields
{
    public static void Write(IBufferWriter<byte> output, RecordWritten written, bool diff, ReadOnlyMemory<byte> patch, string? writer)
    {
        IEnumerable<JsonMember> changed = JsonChanges.Find(written.Record.Body, written.Previous?.Body ?? RecordData.EmptyObject);
        if (diff)
        {
            var wishes = Members(patch);
            changed = changed.Where(member => !wishes.TryGetValue(JsonChanges.NameOf(member), out var wish) || !JsonChanges.HaveSameValue(wish, member));
        }

        output.Write("{\"data\":{"u8);
        var first = true;
        foreach (var (name, value) in changed)
        {
            output.Write(first ? "\""u8 : ",\""u8);
            first = false;
            output.Write(name.Span);
            output.Write("\":"u8);
            output.Write(value.Span);
        }

        output.Write("}"u8);
        KintoWriter.WritePermissions(output, written.Record, writer);
        output.Write("}"u8);
    }

    /// <summary>The members of the patch, by name; none for JSON Patch operations.</summary>
    private static Dictionary<string, JsonMember> Members(ReadOnlyMemory<byte> patch) => patch.Span[0] == (byte)'{'
        ? JsonChanges.Find(patch, RecordData.EmptyObject).ToDictionary(JsonChanges.NameOf, StringComparer.Ordinal)
        : [];
}
