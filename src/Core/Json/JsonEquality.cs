using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Json;

/// <summary>Whether two JSON values are the same however they are spelled: escapes, zeros, exponents, the order of names.</summary>
public static class JsonEquality
{
    // What computes with an exponent overflows beyond this; nobody means such a number.
    private const int MaxExponentLength = 9;

    /// <summary>
    /// Linear in the smaller of the two. Half a surrogate pair is the same as itself. Numbers with an exponent of ten
    /// characters or more are the same only when they are spelled alike.
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

        var members = b.EnumerateObject().ToDictionary(property => property.Name, property => property.Value, StringComparer.Ordinal);
        return a.EnumerateObject().All(property => members.TryGetValue(property.Name, out var other) && Same(property.Value, other));
    }

    private static bool SameItems(JsonElement a, JsonElement b) =>
        a.GetArrayLength() == b.GetArrayLength() && a.EnumerateArray().Zip(b.EnumerateArray(), Same).All(same => same);

    private static bool SameText(JsonElement a, JsonElement b)
    {
        var left = JsonMarshal.GetRawUtf8Value(a);
        var right = JsonMarshal.GetRawUtf8Value(b);
        return left.SequenceEqual(right)
            || ((left.Contains((byte)'\\') || right.Contains((byte)'\\')) && string.Equals(JsonText.Decode(a), JsonText.Decode(b), StringComparison.Ordinal));
    }

    private static bool SameNumber(JsonElement a, JsonElement b)
    {
        var left = JsonMarshal.GetRawUtf8Value(a);
        var right = JsonMarshal.GetRawUtf8Value(b);
        return left.SequenceEqual(right)
            || (ExponentLength(left) <= MaxExponentLength && ExponentLength(right) <= MaxExponentLength && JsonElement.DeepEquals(a, b));
    }

    private static int ExponentLength(ReadOnlySpan<byte> number)
    {
        var exponent = number.IndexOfAny((byte)'e', (byte)'E');
        return exponent < 0 ? 0 : number.Length - exponent - 1;
    }
}
