using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Json;

/// <summary>Whether two JSON values are the same however they are spelled: escapes, zeros, exponents, the order of names.</summary>
public static class JsonEquality
{
    // What computes with an exponent overflows beyond this; nobody means such a number.
    private const int MaxExponentLength = 9;

    // Nobody means a longer one either, and a long one must not be gone through each time it is compared with a short one.
    private const int MaxNumberLength = 4096;

    // A character has at most this many bytes when it is escaped.
    private const int MaxEscapeLength = 6;

    /// <summary>
    /// Linear in the smaller of the two. Half a surrogate pair is the same as itself. Numbers of more than 4,096 characters, or with
    /// an exponent of ten or more, are the same only when they are spelled alike.
    /// </summary>
    public static bool Same(JsonElement a, JsonElement b) => a.ValueKind == b.ValueKind && a.ValueKind switch
    {
        JsonValueKind.Object => SameMembers(a, b),
        JsonValueKind.Array => SameItems(a, b),
        JsonValueKind.String => SameText(a, b),
        JsonValueKind.Number => SameNumber(a, b),
        _ => true,
    };

    private static bool SameMembers(JsonElement a, JsonElement b)
    {
        if (a.GetPropertyCount() != b.GetPropertyCount())
        {
            return false;
        }

        var members = new Dictionary<string, JsonElement>(b.GetPropertyCount(), StringComparer.Ordinal);
        var longest = 0;
        foreach (var property in b.EnumerateObject())
        {
            members[property.Name] = property.Value;
            longest = Math.Max(longest, JsonMarshal.GetRawUtf8PropertyName(property).Length);
        }

        return a.EnumerateObject().All(property => JsonMarshal.GetRawUtf8PropertyName(property).Length <= longest * MaxEscapeLength
            && members.TryGetValue(property.Name, out var other) && Same(property.Value, other));
    }

    private static bool SameItems(JsonElement a, JsonElement b) =>
        a.GetArrayLength() == b.GetArrayLength() && a.EnumerateArray().Zip(b.EnumerateArray(), Same).All(same => same);

    private static bool SameText(JsonElement a, JsonElement b)
    {
        var left = JsonMarshal.GetRawUtf8Value(a);
        var right = JsonMarshal.GetRawUtf8Value(b);
        return left.SequenceEqual(right)
            || (left.Length <= right.Length * MaxEscapeLength && right.Length <= left.Length * MaxEscapeLength
                && (left.Contains((byte)'\\') || right.Contains((byte)'\\'))
                && string.Equals(JsonText.Decode(a), JsonText.Decode(b), StringComparison.Ordinal));
    }

    private static bool SameNumber(JsonElement a, JsonElement b)
    {
        var left = JsonMarshal.GetRawUtf8Value(a);
        var right = JsonMarshal.GetRawUtf8Value(b);
        return left.SequenceEqual(right)
            || (left.Length <= MaxNumberLength && right.Length <= MaxNumberLength
                && ExponentLength(left) <= MaxExponentLength && ExponentLength(right) <= MaxExponentLength && JsonElement.DeepEquals(a, b));
    }

    private static int ExponentLength(ReadOnlySpan<byte> number)
    {
        var exponent = number.IndexOfAny((byte)'e', (byte)'E');
        return exponent < 0 ? 0 : number.Length - exponent - 1;
    }
}
