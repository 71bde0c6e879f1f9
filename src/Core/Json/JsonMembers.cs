using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Lockstep.Core.Json;

/// <summary>The members of an object that changes, in order. A name is found, added and removed in constant time.</summary>
internal sealed class JsonMembers
{
    private readonly Dictionary<string, int> places;

    // One that was removed leaves its place empty, so that the others keep theirs.
    private readonly List<Member> members;

    public JsonMembers()
    {
        places = new Dictionary<string, int>(StringComparer.Ordinal);
        members = [];
    }

    /// <param name="source">An object without repeated names.</param>
    public JsonMembers(JsonElement source)
    {
        var count = source.GetPropertyCount();
        places = new Dictionary<string, int>(count, StringComparer.Ordinal);
        members = new List<Member>(count);
        foreach (var property in source.EnumerateObject())
        {
            Append(property.Name, new Member(property, property.Name, new JsonTree(property.Value)));
        }
    }

    public int Count => places.Count;

    public bool TryGet(string name, [NotNullWhen(true)] out JsonTree? value)
    {
        value = places.TryGetValue(name, out var place) ? members[place].Value : null;
        return value is not null;
    }

    /// <summary>A member of that name keeps its place; a new one comes last.</summary>
    public void Set(string name, JsonTree value)
    {
        if (places.TryGetValue(name, out var place))
        {
            members[place] = members[place] with { Value = value };
        }
        else
        {
            Append(name, new Member(default, name, value));
        }
    }

    public void Remove(string name)
    {
        if (places.Remove(name, out var place))
        {
            members[place] = default;
        }
    }

    public void Write(IBufferWriter<byte> output, JsonWork work, int depth)
    {
        output.Write("{"u8);
        var first = true;
        foreach (var (source, name, value) in members)
        {
            work.Spend();
            if (value is null)
            {
                continue;
            }

            output.Write(first ? "\""u8 : ",\""u8);
            first = false;
            output.Write(source.Value.ValueKind != JsonValueKind.Undefined
                ? JsonMarshal.GetRawUtf8PropertyName(source)
                : JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
            output.Write("\":"u8);
            value.Write(output, work, depth);
        }

        output.Write("}"u8);
    }

    private void Append(string name, Member member)
    {
        places.Add(name, members.Count);
        members.Add(member);
    }

    /// <param name="Source">Has the name as it came; nothing for a member that was added.</param>
    /// <param name="Name">The name itself.</param>
    /// <param name="Value">Null once it was removed.</param>
    private readonly record struct Member(JsonProperty Source, string Name, JsonTree? Value);
}
