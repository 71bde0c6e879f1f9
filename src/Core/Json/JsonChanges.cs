using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Json;

/// <summary>
/// What an object has that a former state of it did not have. Both are gone through once, side by side: a change leaves nearly all
/// members where they were, and of those nothing is kept. Linear in the two together in any case.
/// </summary>
public static class JsonChanges
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = JsonText.MaxDepth };

    /// <param name="now">An object that was parsed before, so that it is known to be right.</param>
    /// <param name="before">Another one.</param>
    /// <returns>The members that are new or have another value, in their order; their bytes are those of <paramref name="now"/>.</returns>
    public static IReadOnlyList<JsonMember> Find(ReadOnlyMemory<byte> now, ReadOnlyMemory<byte> before) => Find(now, before, new JsonWork());

    internal static IReadOnlyList<JsonMember> Find(ReadOnlyMemory<byte> now, ReadOnlyMemory<byte> before, JsonWork work)
    {
        var changed = new List<JsonMember>();

        // Members of the former state that were passed on the way to another one.
        var passed = new Dictionary<string, JsonMember>(StringComparer.Ordinal);
        var current = new Utf8JsonReader(now.Span, Options);
        var former = new Utf8JsonReader(before.Span, Options);
        current.Read();
        former.Read();
        while (TryRead(ref current, now, work, out var member))
        {
            var found = passed.Count > 0 && passed.Remove(NameOf(member), out var old) ? old : default(JsonMember?);
            while (found is null && TryRead(ref former, before, work, out var candidate))
            {
                if (HaveSameName(candidate, member))
                {
                    found = candidate;
                }
                else
                {
                    passed[NameOf(candidate)] = candidate;
                }
            }

            if (found is null || !HaveSameValue(found.Value, member))
            {
                changed.Add(member);
            }
        }

        return changed;
    }

    /// <summary>The name itself.</summary>
    public static string NameOf(JsonMember member)
    {
        var name = member.Name.Span;
        return name.Contains((byte)'\\') ? JsonText.Unescape(name) : Encoding.UTF8.GetString(name);
    }

    /// <summary>As <see cref="JsonEquality.Same"/>.</summary>
    public static bool HaveSameValue(JsonMember a, JsonMember b)
    {
        if (a.Value.Span.SequenceEqual(b.Value.Span))
        {
            return true;
        }

        using var left = JsonText.ParseAgain(a.Value);
        using var right = JsonText.ParseAgain(b.Value);
        return JsonEquality.Same(left.RootElement, right.RootElement);
    }

    private static bool HaveSameName(JsonMember a, JsonMember b)
    {
        var left = a.Name.Span;
        var right = b.Name.Span;
        return left.SequenceEqual(right)
            || ((left.Contains((byte)'\\') || right.Contains((byte)'\\')) && string.Equals(NameOf(a), NameOf(b), StringComparison.Ordinal));
    }

    private static bool TryRead(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json, JsonWork work, out JsonMember member)
    {
        member = default;
        if (!reader.Read() || reader.TokenType != JsonTokenType.PropertyName)
        {
            return false;
        }

        var name = json.Slice((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        member = new JsonMember(name, json[start..(int)reader.BytesConsumed]);
        work.Spend();
        return true;
    }
}
